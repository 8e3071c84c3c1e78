import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { whereOf } from '../common/whereOf';
import type { ConnectOptions } from '../connection/ConnectConfig';
import type { Connector, ConnectorHandler } from '../connection/Connector';
import { checkGroup } from '../connection/RateLimitGroup';
import { ipVersion } from '../connection/ipVersion';
import { withContext } from '../connection/withContext';
import type { TlsClientOptions } from '../connection/TlsConfig';
import { laterTurn } from '../flow/laterTurn';
import { native } from '../native';
import type { PackedAddress } from '../rings/PackedAddress';
import { ALERT_DEADLINE_MS, RingTransport } from './RingTransport';
import type { TlsContext } from './TlsContext';
import type { NodeTlsContext } from '../connection/NodeTlsContext';
import { encodeRequest } from '../rings/encodeRequest';

const { connectFlag, connectRequest, family: families } = native.layout;
const FAMILIES = { unix: families.unix, IPv4: families.ipv4, IPv6: families.ipv6 };
const ANY = { unix: '', IPv4: '0.0.0.0', IPv6: '::' } as const;

/** Sockets of a base that connect: a look-up, then any number of attempts beside each other. */
export class RingConnector implements Connector {
  /** Names the look-ups and attempts that nobody has cancelled: the transport, if there is one. */
  private readonly underWay = new Set<object>();
  private readonly tls: TlsClientOptions | undefined;

  /**
   * @param findTransport - a transport on the least loaded reactor
   * @param active - the connectors of the base that have something under way
   */
  constructor(
    private readonly options: ConnectOptions,
    private readonly handler: ConnectorHandler,
    private readonly findTransport: () => RingTransport,
    private readonly active: Set<RingConnector>,
    private readonly context?: TlsContext | NodeTlsContext,
  ) {
    // That of the subscriber.
    this.tls = options.tls && withContext(options.tls);
  }

  lookup(host: string): void {
    const { lookup = dnsLookup, family, target } = this.options;
    const port = target.kind === 'ip' ? target.port : 0;
    const found = this.later(
      (error: NodeJS.ErrnoException | null, list: string | LookupAddress[]) => {
        const addresses = typeof list === 'string' ? [{ address: list }] : list;
        this.onLookup(error, addresses, host, port);
      },
    );
    try {
      (lookup as typeof dnsLookup)(host, { all: true, family }, found as never);
    } catch (error) {
      found(error as NodeJS.ErrnoException, []);
    }
  }

  connect(address: AddressInfo): void {
    let transport: RingTransport;
    try {
      transport = this.findTransport();
    } catch (error) {
      this.later(() => {
        this.handler.onFailed(address, error as LibeventError);
      })();
      return;
    }
    this.begin(transport);
    transport.connect(this.request(address), {
      onConnected: (local) => {
        this.end(transport);
        this.onConnected(transport, address, local);
      },
      onFailed: (errno, syscall) => {
        this.end(transport);
        this.handler.onFailed(address, LibeventError.of(errno, syscall, whereOf(address)));
      },
    });
  }

  cancel(): void {
    for (const attempt of this.underWay) {
      if (attempt instanceof RingTransport) attempt.close('drop', 0);
    }
    this.underWay.clear();
    this.active.delete(this);
  }

  /** The base is being closed. */
  abandon(error: LibeventError | undefined): void {
    this.cancel();
    this.handler.onAbandoned(error);
  }

  private begin(attempt: object): void {
    this.underWay.add(attempt);
    this.active.add(this);
  }

  /** Returns false for what has been cancelled, or has ended. */
  private end(attempt: object): boolean {
    const known = this.underWay.delete(attempt);
    if (this.underWay.size === 0) this.active.delete(this);
    return known;
  }

  /**
   * `work` once, in a later turn, since a resolver of the user's may answer at once, or twice; and
   * not at all if it is cancelled.
   */
  private later<Args extends unknown[]>(work: (...args: Args) => void): (...args: Args) => void {
    const attempt = {};
    this.begin(attempt);
    return (...args) => {
      laterTurn(() => {
        if (this.end(attempt)) work(...args);
      });
    };
  }

  private onConnected(transport: RingTransport, address: AddressInfo, local: PackedAddress): void {
    const carry = (): void => {
      this.carry(transport, address, local);
    };
    if (this.tls === undefined) carry();
    else this.secure(transport, this.tls, address, carry);
  }

  private carry(transport: RingTransport, address: AddressInfo, local: PackedAddress): void {
    const { connection } = this.options;
    try {
      if (connection.rateLimitGroup !== undefined) {
        checkGroup('rateLimitGroup', connection.rateLimitGroup);
      }
    } catch (error) {
      // The group has been closed since the call: its limit was asked for and cannot be had.
      transport.close('drop', 0);
      this.handler.onFailed(address, error as LibeventError);
      return;
    }
    const addresses = { local: () => local.info(), remote: () => address };
    this.handler.onConnected(transport.carry(connection, addresses));
  }

  /** The attempt has won; what is left may fail all the same. */
  private secure(
    transport: RingTransport,
    tls: TlsClientOptions,
    remote: AddressInfo,
    carry: () => void,
  ): void {
    this.cancel();
    this.handler.onSecuring();
    this.begin(transport);
    const carrier = transport.secure(
      tls,
      { receivedBytes: 0, writtenBytes: 0, readHigh: this.options.connection.read.high },
      {
        onSecured: () => {
          if (this.end(transport)) carry();
        },
        onFailed: (error) => {
          if (!this.end(transport)) return;
          carrier.close('linger', ALERT_DEADLINE_MS);
          this.handler.onFailed(remote, error);
        },
      },
      this.context,
      whereOf(remote),
    );
  }

  private onLookup(
    error: NodeJS.ErrnoException | null,
    list: readonly Pick<LookupAddress, 'address'>[] | undefined,
    host: string,
    port: number,
  ): void {
    if (error) {
      // What a resolver of the user's throws may have no code, only words.
      const detail = error.syscall === undefined ? error.message : undefined;
      const info = { address: host, port, detail };
      this.handler.onNotFound(new LibeventError(error.code ?? 'ENOTFOUND', 'getaddrinfo', info));
      return;
    }
    const { family } = this.options;
    const addresses = (list ?? [])
      .map(({ address }) => ({ address, version: ipVersion(address) }))
      .filter(({ version }) => version !== 0 && (family === 0 || version === family))
      .map(({ address, version }): AddressInfo => {
        return { family: version === 4 ? 'IPv4' : 'IPv6', address, port };
      });
    if (addresses.length > 0) {
      this.handler.onFound(addresses);
      return;
    }
    const detail =
      family === 0 ? 'the name has no address' : `the name has no IPv${family} address`;
    const info = { address: host, port, detail };
    this.handler.onNotFound(new LibeventError('ENOTFOUND', 'getaddrinfo', info));
  }

  private request({ family, address, port }: AddressInfo): Buffer {
    const { options } = this;
    const { localPort, keepAliveSeconds } = options;
    const local = options.localAddress ?? (localPort === 0 ? '' : ANY[family]);
    return encodeRequest(
      connectRequest,
      {
        flags: options.noDelay ? connectFlag.noDelay : 0,
        credit: options.connection.read.high,
        family: FAMILIES[family],
        port,
        remoteBytes: Buffer.byteLength(address),
        localPort,
        localBytes: Buffer.byteLength(local),
        keepAliveSeconds,
      },
      address,
      local,
    );
  }
}
