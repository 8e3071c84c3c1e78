import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { Connection } from '../connection/Connection';
import { ipVersion } from '../connection/ipVersion';
import type { ConnectionOptions } from '../connection/ConnectionConfig';
import type { ConnectionObserver } from '../connection/ConnectionObserver';
import { ConnectionLog } from './ConnectionLog';
import type { Mark } from './Mark';
import { type Fail, MarbleError } from './MarbleError';
import type { PeerScript, PeerValue } from './PeerScript';
import { SubscriptionLogs } from './Probe';
import type { Rig } from './Rig';
import { openScripted } from './ScriptedFile';
import { TimeoutValue } from './TimeoutValue';
import { VirtualLink, type VirtualLinkConfig } from './VirtualLink';
import { VirtualTls } from './VirtualTls';
import { VirtualTransport } from './VirtualTransport';
import type { Wire } from './Wire';
import { toBytes } from './bytes';
import { endingOf } from './endingOf';
import { isAssertion } from './isAssertion';

const LOCAL_PORT = 40713;
const FIRST_PORT = 50001;

/** What a test has said of a connection, so that it is no leftover. */
export type Statement =
  'closed' | 'connected' | 'holds' | 'output' | 'saturation' | 'session' | 'unread' | 'unsent';

/** Sees each byte of a connection's input. */
export type InputWatch = Required<
  Pick<ConnectionObserver, 'onData' | 'onEmit' | 'onGivenBack' | 'onEnd'>
>;

/** What happens on a connection, with the sessions of `serve` that have failed. */
class PeerLog extends ConnectionLog {
  watch: InputWatch | undefined;
  readonly subscriptions = new SubscriptionLogs();
  /** `#` with the error, where a session has failed and no `onError` took it. */
  readonly sessionErrors: Mark[] = [];

  constructor(
    private readonly rig: Rig,
    encoding: () => BufferEncoding,
  ) {
    super(() => rig.reactor.now(), encoding);
  }

  onSubscribed(): () => void {
    return this.subscriptions.begin(() => this.rig.reactor.now());
  }

  onData(chunk: Buffer): void {
    this.watch?.onData(chunk);
  }

  onEmit(chunk: Buffer): void {
    this.watch?.onEmit(chunk);
  }

  onGivenBack(bytes: number): void {
    this.watch?.onGivenBack(bytes);
  }

  onEnd(error: LibeventError | undefined): void {
    this.watch?.onEnd(error);
  }

  onSessionError(error: unknown, isHandled: boolean): boolean {
    const { reactor, sessionErrors } = this.rig;
    if (reactor.ended || sessionErrors === 'warned') return false;
    if (isHandled && !isAssertion(error)) return false;
    this.sessionErrors.push({ frame: reactor.now(), char: undefined, value: error });
    return true;
  }
}

/**
 * The other end of a connection, by script. Its frames count from when it connects; what is
 * expected of it is counted in frames of the test, as with RxJS's `cold`.
 */
export class Peer {
  /** @internal */
  readonly log: PeerLog;
  /** @internal */
  readonly stated = new Set<Statement>();
  /** @internal When the system had nobody who listens. */
  refusedAt: number | undefined;
  /** @internal When this side had its connection. */
  connectedAt: number | undefined;
  /** @internal The diagram that it stands in: what messages call it, and whose it is. */
  givenTo: { readonly what: string; readonly by: object } | undefined;
  /** @internal What it does instead of a script when it connects. */
  react: (() => void) | undefined;
  /** @internal Notified of this library's end, when it is made. */
  onOpened: ((transport: VirtualTransport) => void) | undefined;
  /** @internal Notified instead of being reset, if it is refused before it has connected. */
  onRefused: (() => void) | undefined;
  /** @internal Timeouts that came when there was no connection for them. */
  missedTimeouts = 0;
  /** @internal The system between the two ends, from when it connects. */
  link: VirtualLink | undefined;
  /** @internal */
  transport: VirtualTransport | undefined;
  private connected: Connection | undefined;
  private encoding: BufferEncoding = 'utf8';
  private readonly received: Buffer[] = [];

  /** @internal Peers come from `peer` and `connection`. */
  constructor(
    /** What messages call it. */
    readonly name: string,
    private readonly script: PeerScript,
    private readonly rig: Rig,
    /** @internal Its failure in a check, at the line that has made it. */
    readonly fail: Fail = MarbleError.here(),
  ) {
    this.log = new PeerLog(rig, () => this.encoding);
    rig.peers.push(this);
  }

  /** @internal This library's end, once there is one. */
  get connection(): Connection | undefined {
    return this.connected;
  }

  /** @internal How text of this connection is encoded. */
  get textEncoding(): BufferEncoding {
    return this.encoding;
  }

  /** @internal How its handshake fails, if it does: it comes to no connection. */
  get handshakeError(): LibeventError | undefined {
    const { tls } = this.script;
    return tls instanceof LibeventError ? tls : undefined;
  }

  /** @internal Somebody has subscribed to the connection, written to it, held it or closed it. */
  get used(): boolean {
    const { demand, writes, holds, ending } = this.log;
    return (
      demand.length + writes.length + holds.length > 0 ||
      ending.some(({ char }) => char !== '|') ||
      !['none', 'answer'].includes(this.transport?.ownEnd ?? 'none')
    );
  }

  /** @internal The connection was ended by choice, so what was still under way does not count. */
  get endedByChoice(): boolean {
    const end = this.transport?.ownEnd;
    return end === 'reset' || end === 'linger' || this.log.ending[0]?.value === '!';
  }

  /** @internal Bytes that came and that no subscriber has had. */
  get unread(): Buffer {
    const waiting = this.connected?.inputBytes ?? 0;
    const ahead = Buffer.concat(this.received);
    const rest = this.link?.unread ?? Buffer.alloc(0);
    return Buffer.concat([ahead.subarray(Math.max(0, ahead.length - waiting)), rest]);
  }

  /** @internal Bytes that were written and that the system has not taken. */
  get unsent(): Buffer {
    return this.transport?.unsent ?? Buffer.alloc(0);
  }

  /** @internal A peer connects once. */
  give(what: string, by: object): void {
    if (this.givenTo !== undefined) {
      throw new MarbleError(
        `${what}: ${this.name} stands in ${this.givenTo.what} already, it connects once`,
      );
    }
    this.givenTo = { what, by };
  }

  /** @internal Connects, as the system sees it: from here on the script runs. */
  start(encoding: BufferEncoding): void {
    const { script, rig } = this;
    this.encoding = encoding;
    if (this.react !== undefined) {
      this.react();
      return;
    }
    const link = new VirtualLink(
      {
        sendBufferBytes: script.sendBufferBytes,
        takes: script.takesAll ? Infinity : 0,
        coalesce: script.coalesce,
      },
      this.log,
    );
    this.link = link;
    for (const { frame, value } of script.takes) {
      rig.reactor.after(frame, () => {
        if (value === undefined) link.stop();
        else link.take(value);
      });
    }
    for (const { frame, char, value } of script.sends) {
      rig.reactor.after(frame, () => {
        if (value !== undefined) this.send(link, value);
        else if (char === '|') link.end();
        else if (char === '!') link.closeFully();
        else link.fail(script.code);
      });
    }
  }

  /** @internal Connects to another end of this library, in place of a script. */
  join(other: Peer, config: VirtualLinkConfig, wire: Wire): VirtualLink {
    const { log } = this;
    const bytesArrive = (chunk: Buffer): void => {
      log.onBytes(chunk);
      other.link?.send(chunk);
    };
    this.link = new VirtualLink(config, {
      onBytes: (chunk) => {
        wire.carry('bytes', bytesArrive, chunk);
      },
      onFin: () => {
        wire.carry('fin', () => {
          log.onFin();
          other.link?.end();
        });
      },
      onReset: () => {
        wire.carry('reset', () => {
          log.onReset();
          other.link?.fail('ECONNRESET');
        });
      },
      onClosed: () => {
        wire.carry('closed', () => other.link?.closeFully());
      },
    });
    return this.link;
  }

  /** @internal Makes this library's end. */
  open(options: ConnectionOptions, addresses?: Partial<ConnectionAddresses>): Connection {
    const { rig, log } = this;
    this.encoding = options.encoding;
    const link = this.link as VirtualLink;
    const { address: host, port: ownPort = FIRST_PORT + rig.peers.indexOf(this) } = this.script;
    // Both ends are of one family: that of the address that is known.
    const known = addresses?.local?.() ?? addresses?.remote?.();
    const ipv6 = known === undefined ? ipVersion(host ?? '') === 6 : known.family === 'IPv6';
    const family = ipv6 ? 'IPv6' : 'IPv4';
    const here = ipv6 ? '::1' : '127.0.0.1';
    const far: AddressInfo = { family, address: host ?? here, port: ownPort };
    // The side that connects has any port; the side that accepts has its own.
    const near: AddressInfo = {
      ...{ family, address: here },
      port: addresses?.remote === undefined ? LOCAL_PORT : ownPort,
    };
    const transport = new VirtualTransport(rig.reactor, link, options.read.high, this.name);
    const { tls } = this.script;
    if (tls !== undefined && !(tls instanceof LibeventError)) transport.tls = new VirtualTls(tls);
    const connection = new Connection(transport, options, {
      local: addresses?.local ?? (() => near),
      remote: addresses?.remote ?? (() => far),
    });
    transport.onReceived = (chunk) => {
      this.received.push(chunk);
    };
    connection.core.observer = log;
    connection.whenClosed.subscribe(() => {
      log.ending.push(endingOf(rig.reactor.now(), connection, transport));
    });
    transport.openFile = (path) => openScripted(rig, this, path);
    this.transport = transport;
    this.connectedAt = rig.reactor.now();
    this.connected = connection;
    this.onOpened?.(transport);
    return connection;
  }

  /**
   * @internal Nobody takes the connection: the system resets it while it waits in the backlog. One that
   * has been accepted is closed.
   */
  refuse(as: 'waiting' | 'accepted'): void {
    this.refusedAt = this.rig.reactor.now();
    if (this.link === undefined) this.onRefused?.();
    else this.link.close(as === 'waiting');
  }

  private send(link: VirtualLink, value: PeerValue): void {
    if (value instanceof TimeoutValue) {
      if (this.transport?.isClosed !== false) this.missedTimeouts += 1;
      this.transport?.timeOut(value.direction);
    } else link.send(toBytes(this.name, value, this.encoding));
  }
}
