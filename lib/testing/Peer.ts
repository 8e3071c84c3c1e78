import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import { Connection } from '../connection/Connection';
import type { ConnectionOptions } from '../connection/ConnectionConfig';
import { ConnectionLog } from './ConnectionLog';
import { MarbleError } from './MarbleError';
import type { PeerScript, PeerValue } from './PeerScript';
import type { Rig } from './Rig';
import { TimeoutValue } from './TimeoutValue';
import { VirtualLink } from './VirtualLink';
import { VirtualTransport } from './VirtualTransport';
import { toBytes } from './bytes';
import { endingOf } from './endingOf';

const LOCAL: AddressInfo = { family: 'IPv4', address: '127.0.0.1', port: 40713 };
const FIRST_PORT = 50001;

/**
 * The other end of a connection, by script. Its frames count from when it connects; what is
 * expected of it is told in frames of the test, as with RxJS's `cold`.
 */
export class Peer {
  /** @internal */
  readonly log: ConnectionLog;
  /** @internal When the system had nobody who listens. */
  refusedAt: number | undefined;
  private givenTo: string | undefined;
  /** @internal The system between the two ends, from when it connects. */
  link: VirtualLink | undefined;
  private transport: VirtualTransport | undefined;
  private connected: Connection | undefined;
  private encoding: BufferEncoding = 'utf8';
  private readonly received: Buffer[] = [];

  /** @internal Peers come from `peer` and `connection`. */
  constructor(
    /** What messages call it. */
    readonly name: string,
    private readonly script: PeerScript,
    private readonly rig: Rig,
  ) {
    this.log = new ConnectionLog(
      () => rig.reactor.now(),
      () => this.encoding,
    );
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

  /** @internal A peer connects once. */
  give(to: string): void {
    if (this.givenTo !== undefined) {
      throw new MarbleError(
        `${to}: ${this.name} stands in ${this.givenTo} already, it connects once`,
      );
    }
    this.givenTo = to;
  }

  /** @internal Connects, as the system sees it: from here on the script runs. */
  start(encoding: BufferEncoding): void {
    const { script, rig } = this;
    this.encoding = encoding;
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
        else link.fail(script.code);
      });
    }
  }

  /** @internal Makes this library's end. */
  open(options: ConnectionOptions, addresses?: Partial<ConnectionAddresses>): Connection {
    const { rig, log } = this;
    const link = this.link as VirtualLink;
    const port = FIRST_PORT + rig.peers.indexOf(this);
    const transport = new VirtualTransport(rig.reactor, link, options.read.high);
    const connection = new Connection(transport, options, {
      local: addresses?.local ?? (() => LOCAL),
      remote: addresses?.remote ?? (() => ({ family: 'IPv4', address: '127.0.0.1', port })),
    });
    transport.onReceived = (chunk) => {
      this.received.push(chunk);
    };
    connection.core.observer = log;
    connection.whenClosed.subscribe(() => {
      log.ending.push(endingOf(rig.reactor.now(), connection, transport));
    });
    this.transport = transport;
    this.connected = connection;
    return connection;
  }

  /** @internal Nobody takes the connection: the system resets it. */
  refuse(): void {
    this.refusedAt = this.rig.reactor.now();
    this.link?.close(true);
  }

  private send(link: VirtualLink, value: PeerValue): void {
    if (value instanceof TimeoutValue) this.transport?.timeOut(value.direction);
    else link.send(toBytes(this.name, value, this.encoding));
  }
}
