import { lookup as dnsLookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import type { ConnectOptions } from '../connection/ConnectConfig';
import type { Connector, ConnectorHandler } from '../connection/Connector';
import { laterTurn } from '../flow/laterTurn';
import { native } from '../native';
import type { RingTransport } from './RingTransport';
import { payloadOf } from './payloadOf';

const { connectFlag } = native.layout;
const FAMILIES = { unix: 1, IPv4: 4, IPv6: 6 } as const;
const ANY = { unix: '', IPv4: '0.0.0.0', IPv6: '::' } as const;

/** Sockets of a base that connect: one look-up or one attempt at a time. */
export class RingConnector implements Connector {
  private attempt: RingTransport | undefined;
  /** Names what is under way: what was asked for before does not matter any more. */
  private round = 0;

  /**
   * @param findTransport - a transport on the least loaded reactor
   * @param active - the connectors of the base that have something under way
   */
  constructor(
    private readonly options: ConnectOptions,
    private readonly handler: ConnectorHandler,
    private readonly findTransport: () => RingTransport,
    private readonly active: Set<RingConnector>,
  ) {}

  lookup(host: string): void {
    const { lookup = dnsLookup, family, target } = this.options;
    const port = target.kind === 'ip' ? target.port : 0;
    const round = this.begin();
    const found = (
      error: NodeJS.ErrnoException | null,
      list: string | LookupAddress[],
      of = 0,
    ): void => {
      // In a later turn, since a resolver of the user's may answer at once; and only the first answer.
      laterTurn(() => {
        if (round !== this.round) return;
        this.end();
        this.onLookup(
          error,
          typeof list === 'string' ? [{ address: list, family: of }] : list,
          host,
          port,
        );
      });
    };
    try {
      (lookup as typeof dnsLookup)(host, { all: true, family }, found as never);
    } catch (error) {
      found(error as NodeJS.ErrnoException, []);
    }
  }

  connect(address: AddressInfo): void {
    const round = this.begin();
    let transport: RingTransport;
    try {
      transport = this.findTransport();
    } catch (error) {
      laterTurn(() => {
        if (round !== this.round) return;
        this.end();
        this.handler.onFailed(error as LibeventError);
      });
      return;
    }
    this.attempt = transport;
    transport.connect(this.request(address), {
      onConnected: (local) => {
        this.end();
        const addresses = { local: () => local.info(), remote: () => address };
        this.handler.onConnected(transport.carry(this.options.connection, addresses));
      },
      onFailed: (errno, syscall) => {
        this.end();
        const port = address.family === 'unix' ? undefined : address.port;
        this.handler.onFailed(LibeventError.of(errno, syscall, { address: address.address, port }));
      },
    });
  }

  cancel(): void {
    this.attempt?.close('drop', 0);
    this.end();
  }

  /** The base is being closed. */
  abandon(error: LibeventError | undefined): void {
    this.cancel();
    this.handler.onAbandoned(error);
  }

  private begin(): number {
    this.active.add(this);
    this.round += 1;
    return this.round;
  }

  private end(): void {
    this.active.delete(this);
    this.round += 1;
    this.attempt = undefined;
  }

  private onLookup(
    error: NodeJS.ErrnoException | null,
    list: readonly LookupAddress[] | undefined,
    host: string,
    port: number,
  ): void {
    if (error) {
      // What a resolver of the user's throws may have no code, only words.
      const detail = error.syscall === undefined ? error.message : undefined;
      const info = { address: host, port, detail };
      this.handler.onFailed(new LibeventError(error.code ?? 'ENOTFOUND', 'getaddrinfo', info));
      return;
    }
    const { family } = this.options;
    const addresses = (list ?? [])
      .map(({ address }) => ({ address, version: isIP(address) }))
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
    this.handler.onFailed(new LibeventError('ENOTFOUND', 'getaddrinfo', info));
  }

  private request({ family, address, port }: AddressInfo): Buffer {
    const { options } = this;
    const { localPort, keepAliveSeconds } = options;
    const local = options.localAddress ?? (localPort === 0 ? '' : ANY[family]);
    return payloadOf(
      [
        options.noDelay ? connectFlag.noDelay : 0,
        options.connection.read.high,
        FAMILIES[family],
        port,
        Buffer.byteLength(address),
        localPort,
        Buffer.byteLength(local),
        keepAliveSeconds,
      ],
      address,
      local,
    );
  }
}
