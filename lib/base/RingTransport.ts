import type { ConnectionAddresses } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { Connection } from '../connection/Connection';
import type { ConnectionOptions } from '../connection/ConnectionConfig';
import type { TokenBucket } from '../connection/RateLimit';
import type { Chunk, CloseMode, SocketTransport, TransportHandler } from '../connection/Transport';
import { native } from '../native';
import type { PackedAddress } from '../rings/PackedAddress';
import type { CompletionHandler } from './CompletionHandler';
import { failedCallName } from './failedCallName';
import { tokenBucketPayload } from './tokenBucketPayload';
import type { Reactor } from './Reactor';

const { completion, submission, closeMode } = native.layout;
/** The call that a `writeFailed` completion names. */
const SEND_FILE = native.layout.failedCall['sendfile'];
/** `EV_READ` of event2/event.h. */
const READ_EVENT = 2;
/** `EV_WRITE`. */
const WRITE_EVENT = 4;

/** How an attempt to connect ends. */
export interface ConnectOutcome {
  onConnected(local: PackedAddress): void;
  onFailed(errno: number, syscall: string): void;
}

/** A socket on a reactor thread, behind the rings. */
export class RingTransport implements SocketTransport, CompletionHandler {
  readonly id: number;
  /** An end of a pair. */
  paired = false;
  fd = -1;
  /** What it carries, once it is open. */
  connection: Connection | undefined;
  private handler: TransportHandler | undefined;
  private connecting: ConnectOutcome | undefined;
  private leftTotal = 0;
  private gone = false;
  /** The reactor has read the end: it reads no more, whatever it is told. */
  private inputEnded = false;

  constructor(
    readonly reactor: Reactor,
    private readonly onGone: (transport: RingTransport) => void,
  ) {
    this.id = reactor.open(this);
  }

  /** Makes the connection, of a transport that is open or about to be. */
  carry(options: ConnectionOptions, addresses: ConnectionAddresses): Connection {
    this.connection = new Connection(this, options, addresses);
    return this.connection;
  }

  /** Takes over an accepted socket. */
  adopt(fd: number, credit: number): void {
    this.fd = fd;
    this.reactor.adopt(this.id, fd, credit);
  }

  /** @param request - a `ConnectRequest` of native/bufferevent.h */
  connect(request: Uint8Array, outcome: ConnectOutcome): void {
    this.connecting = outcome;
    this.reactor.submitPayload(submission.connect, this.id, request);
  }

  /** Joins another transport of the same reactor. */
  pair(other: RingTransport, credit: number): void {
    this.paired = true;
    other.paired = true;
    this.reactor.submit(submission.pair, this.id, other.id, credit);
  }

  get priorities(): number {
    return this.reactor.priorities;
  }

  get left(): number {
    // Once the handler is gone, its place in the table belongs to another one.
    if (this.gone) return this.leftTotal;
    // The reactor counts modulo 2^32; less than that can be under way.
    this.leftTotal += (this.reactor.leftOf(this.id) - this.leftTotal) >>> 0;
    return this.leftTotal;
  }

  attach(handler: TransportHandler): void {
    this.handler = handler;
  }

  read(on: boolean): void {
    if (!this.inputEnded) this.reactor.submit(submission.read, this.id, on ? 1 : 0);
  }

  credit(bytes: number): void {
    this.reactor.submit(submission.credit, this.id, bytes);
  }

  readHigh(bytes: number): void {
    this.reactor.submit(submission.readHigh, this.id, bytes);
  }

  write(chunk: Chunk, encoding: BufferEncoding): number {
    if (typeof chunk === 'string') return this.reactor.submitText(this.id, chunk, encoding);
    if (chunk.length > 0) this.reactor.submitPayload(submission.write, this.id, chunk);
    return chunk.length;
  }

  notify(position: number): void {
    this.reactor.submit(submission.notify, this.id, position | 0);
  }

  shutdown(): void {
    this.reactor.submit(submission.shutdown, this.id);
  }

  close(mode: CloseMode, deadlineMs: number): void {
    this.connecting = undefined;
    // From here on the system may give the number to somebody else at any time.
    this.fd = -1;
    this.reactor.submit(submission.close, this.id, closeMode[mode], deadlineMs);
  }

  timeouts(readMs: number, writeMs: number): void {
    this.reactor.submit(submission.timeouts, this.id, readMs, writeMs);
  }

  rateLimit(limit: TokenBucket | undefined): void {
    this.reactor.submitPayload(submission.rateLimit, this.id, tokenBucketPayload(limit));
  }

  rateLimitGroup(id: number): void {
    this.reactor.submit(submission.rateLimitGroup, this.id, id);
  }

  priority(level: number): void {
    this.reactor.submit(submission.priority, this.id, level);
  }

  trigger(direction: 'read' | 'write'): void {
    this.reactor.submit(
      submission.trigger,
      this.id,
      direction === 'read' ? READ_EVENT : WRITE_EVENT,
    );
  }

  sendFile(fd: number, offset: number, bytes: number): void {
    const request = Buffer.alloc(16);
    request.writeInt32LE(fd, 0);
    request.writeInt32LE(bytes, 4);
    request.writeBigInt64LE(BigInt(offset), 8);
    this.reactor.submitPayload(submission.sendFile, this.id, request);
  }

  data(chunk: Buffer): void {
    this.handler?.onData(chunk);
  }

  complete(kind: number, a: number, b: number, addresses: readonly PackedAddress[]): void {
    const { handler } = this;
    if (kind === completion.closed) this.leave();
    if (handler === undefined) {
      this.settle(kind, a, b, addresses);
      return;
    }
    switch (kind) {
      case completion.end:
        this.inputEnded = true;
        handler.onEnd(a === 0 ? undefined : LibeventError.of(a, 'read'));
        break;
      case completion.left:
        handler.onLeft();
        break;
      case completion.finished:
        handler.onFinished();
        break;
      case completion.writeFailed:
        handler.onWriteFailed(LibeventError.of(a, b === SEND_FILE ? 'sendfile' : 'write'));
        break;
      case completion.hangup:
        handler.onHangup(a === 0 ? undefined : LibeventError.of(a, 'read'));
        break;
      case completion.timeout:
        handler.onTimeout(a === READ_EVENT ? 'read' : 'write');
        break;
      case completion.failed:
        handler.onEnd(LibeventError.of(a, failedCallName(b)));
        break;
      case completion.closed:
        this.fd = -1;
        handler.onClosed(undefined);
        break;
      default:
        break;
    }
  }

  abandon(error: LibeventError | undefined): void {
    this.leave();
    this.connecting = undefined;
    this.handler?.onClosed(error);
  }

  private settle(kind: number, a: number, b: number, addresses: readonly PackedAddress[]): void {
    const outcome = this.connecting;
    if (outcome === undefined) return;
    this.connecting = undefined;
    if (kind === completion.connected) {
      this.fd = a;
      outcome.onConnected(addresses[0] as PackedAddress);
    } else if (kind === completion.failed) outcome.onFailed(a, failedCallName(b));
  }

  private leave(): void {
    this.leftTotal = this.left;
    this.gone = true;
    this.onGone(this);
  }
}
