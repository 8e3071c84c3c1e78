import { Observable, type Observer, type Subscriber } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { checkInteger, checkObject, checkOneOf } from '../common/check';
import { Flow, type FlowMarks } from '../flow/Flow';
import type { Release } from '../flow/Release';
import { watermarks, type WatermarksConfig } from '../flow/Watermarks';
import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import { lend, type BorrowingSubscriber, type Lender } from '../common/borrow';
import { ConnectionEffects } from './ConnectionEffects';
import { ConnectionHandler } from './ConnectionHandler';
import { checkBytes, checkChunk } from './checkChunk';
import { ConnectionSocket, configuresSocket } from './ConnectionSocket';
import type { ConnectionEvent } from './ConnectionEvent';
import type { ConnectionOptions } from './ConnectionConfig';
import { Input } from './Input';
import { Life } from './Life';
import { Output, WHEN_SATURATED, type WhenSaturated } from './Output';
import { sendFile, type SendFileConfig } from './sendFile';
import { socketTransport } from './socketTransport';
import { Timeouts, type TimeoutsConfig } from './Timeouts';
import type { Chunk, Transport } from './Transport';

const DEFAULT_DEADLINE_MS = 5000;
const MAX_DEADLINE_MS = 2 ** 31 - 1;

/** The same function for every connection. */
function subscribeToInput(this: Observable<Buffer>, subscriber: Subscriber<Buffer>): void {
  if (this instanceof Connection) this.input.subscribe(subscriber);
}

/**
 * One connection: the bytes of the peer as an Observable, and an Observer for the bytes to it.
 *
 * "Read it with `subscribe`, write to it with `next`, and it slows down whoever fills it."
 *
 * ```
 * peer sends      --A---BC--|
 * connection      --A---BC--|
 * next(x)         ----x------
 * peer receives   ----x------
 * ```
 *
 * Reads only while it has a subscriber and nobody holds it. All subscribers share one reading;
 * what is not consumed stays for the next one. A value written inside another source's `next`
 * holds that source while this output is saturated.
 *
 * - **Subscribe**: hot; the first subscriber starts reading.
 * - **Next**: a `Buffer` that is the subscriber's own, in the order of the wire.
 * - **Complete**: the peer has sent FIN (`BEV_EVENT_EOF`), after its last byte.
 * - **Error**: {@link LibeventError} with the errno's name (`BEV_EVENT_ERROR`), `ETIMEDOUT`, or
 *   `ERR_MAX_OUTPUT_BYTES`, after the last byte that came.
 * - **Unsubscribe**: reading stops with the last subscriber; the connection stays open.
 *
 * @see event2/bufferevent.h `bufferevent_socket_new()`
 */
export class Connection extends Observable<Buffer> implements Observer<Chunk>, Lender {
  /** @internal The marble kit watches its source. */
  readonly flow: Flow;
  /** @internal */
  readonly input: Input;
  /** @internal */
  readonly output: Output;
  /** @internal */
  readonly life: Life;
  // What most connections never need is made when it is needed.
  private timeouts: Timeouts | undefined;
  private aborted: unknown;
  private connectionSocket: ConnectionSocket | undefined;

  /** @internal Connections come from `listen`, `connect` and the like. */
  constructor(
    /** @internal */ readonly transport: Transport,
    private readonly options: ConnectionOptions,
    private readonly addresses: ConnectionAddresses,
  ) {
    super(subscribeToInput);
    const effects = new ConnectionEffects(this);
    this.life = new Life(transport, effects);
    this.flow = new Flow(effects, options);
    this.input = new Input(this.flow, effects);
    this.output = new Output(transport, this.flow, options, this, effects);
    transport.attach(new ConnectionHandler(this));
    if (options.readTimeoutMs !== 0 || options.writeTimeoutMs !== 0) this.setTimeouts(options);
    if (configuresSocket(options) && 'sendFile' in transport) this.socket.configure(options);
  }

  /** @internal Lets an operator of the library read the bytes where they are. */
  [lend](subscriber: BorrowingSubscriber): void {
    this.input.subscribe(subscriber, true);
  }

  /** The address of this end. */
  get localAddress(): AddressInfo {
    return this.addresses.local();
  }

  /** The address of the peer. */
  get remoteAddress(): AddressInfo {
    return this.addresses.remote();
  }

  /** Bytes that have been written and not yet taken by the system. */
  get outputBytes(): number {
    return this.output.bytes;
  }

  /** Bytes that have been read ahead and not yet emitted. */
  get inputBytes(): number {
    return this.flow.waitingBytes;
  }

  /** True from the output's rise above the high mark until its fall to the low mark. */
  get saturated(): boolean {
    return this.flow.saturated;
  }

  /** True while somebody holds the connection. */
  get held(): boolean {
    return this.flow.source.held;
  }

  /** The causes that hold the connection: other connections, or the reasons given to `hold`. */
  get heldBy(): readonly unknown[] {
    return this.flow.source.heldBy;
  }

  /** Values that were not written, because of saturation. */
  get dropped(): number {
    return this.output.dropped;
  }

  /** True once no value can be written any more. */
  get closed(): boolean {
    return !this.output.open;
  }

  /** The error that has ended the connection: its own, or what was given to {@link error}. */
  get failure(): unknown {
    return this.aborted ?? this.life.failure;
  }

  /** Marks of both directions, in bytes. */
  get marks(): FlowMarks {
    return this.flow.marks;
  }

  /**
   * Emits each time that a saturated output has drained; completes when the connection closes.
   *
   * @see event2/bufferevent.h `bufferevent_data_cb`, the write callback
   */
  get drained(): Observable<void> {
    return this.output.drained;
  }

  /** What happens beside the bytes; completes when the connection closes. */
  get events(): Observable<ConnectionEvent> {
    return this.life.events;
  }

  /** Emits once and completes when the connection is gone, at once if it is already. */
  get whenClosed(): Observable<void> {
    return this.life.whenClosed;
  }

  /**
   * Writes a chunk. While the output is saturated, the current source is held.
   *
   * The bytes are taken when the call returns: the chunk may be changed or given away at once.
   *
   * @throws TypeError if the chunk is neither bytes nor a string
   */
  next(chunk: Chunk): void {
    this.send(chunk, 'hold');
  }

  /** Writes a chunk, and says what a saturated connection does with it. */
  send(chunk: Chunk, whenSaturated: WhenSaturated): void {
    checkChunk(chunk);
    if (whenSaturated !== 'hold') checkOneOf('whenSaturated', whenSaturated, WHEN_SATURATED);
    this.output.write(chunk, whenSaturated);
  }

  /** Flushes, then sends FIN; reading goes on. Closes when the peer has ended, too. */
  complete(): void {
    this.output.finish();
  }

  /** A failed source ends the connection with RST, so that the peer does not take it for whole. */
  error(error: unknown): void {
    if (this.life.open) this.aborted = error;
    this.life.end('reset');
    this.input.abort(error);
  }

  /** Sends RST and drops everything. Whoever still reads is completed. */
  reset(): void {
    this.life.end('reset');
    this.input.abort(undefined);
  }

  /** Closes now: output that waits is lost, and unread input. Whoever still reads is completed. */
  destroy(): void {
    this.life.end('drop');
    this.input.abort(undefined);
  }

  /**
   * Closes gracefully: flushes, sends FIN, waits for the peer's end, throws away what it sends
   * meanwhile. Whoever still reads is completed.
   *
   * @param deadlineMs - closes at the latest after so many ms. Default: 5000. Bounds: 1 to 2147483647
   */
  close(deadlineMs = DEFAULT_DEADLINE_MS): void {
    checkInteger('deadlineMs', deadlineMs, 1, MAX_DEADLINE_MS, 'ms');
    this.output.finish(this.life.open);
    this.life.linger(deadlineMs, this.output.file);
    this.input.abort(undefined);
  }

  /**
   * Gives bytes back to the front of the input, for the next reader.
   *
   * @returns false if another reader has had them already or the input has ended
   */
  unread(chunk: Uint8Array): boolean {
    checkBytes(chunk);
    return this.input.unread(chunk);
  }

  /** Holds the connection: it emits nothing until the returned function is called. */
  hold(cause: unknown = 'hold'): Release {
    return this.flow.hold(cause);
  }

  /**
   * Changes the marks, from now on. An absent side stays as it is.
   *
   * @throws RangeError when a mark is negative, fractional, too large, or low is above high
   */
  setWatermarks(marks: {
    readonly read?: WatermarksConfig;
    readonly write?: WatermarksConfig;
  }): void {
    checkObject('marks', marks);
    const before = this.flow.marks;
    const read = watermarks('read', marks.read, before.read);
    const write = watermarks('write', marks.write, before.write);
    if (read.high !== before.read.high) this.transport.readHigh(read.high);
    this.flow.setMarks({ read, write }, this.output.bytes);
    if (this.flow.saturated) this.output.onSaturated();
  }

  /**
   * Changes the timeouts, from now on; `whenTimeout` of the options says what they do.
   *
   * @see event2/bufferevent.h `bufferevent_set_timeouts()`
   */
  setTimeouts(config: TimeoutsConfig): void {
    this.ownTimeouts.set(config);
  }

  /**
   * What libevent does for a socket beside carrying its bytes: rate limits, priority, descriptor.
   *
   * @throws LibeventError `ENOTSUP` where there is no libevent below, as in a marble test
   */
  get socket(): ConnectionSocket {
    return (this.connectionSocket ??= new ConnectionSocket(
      socketTransport(this.transport, 'socket'),
    ));
  }

  /**
   * Sends a file, or a part of it, from the page cache; its bytes never pass JavaScript.
   *
   * A rate limit holds on average: what leaves at once may be a slice of 4 MiB, which is paid for
   * afterwards.
   *
   * - **Subscribe**: cold; opens the file. What is written from now on follows after it.
   * - **Next**: how many bytes of it have left.
   * - **Complete**: when all of them have.
   * - **Error**: Node's of `open`; `EISDIR`, `EINVAL` for what is no file; `ERR_NOT_WRITABLE` while
   *   another one is sent; `EIO` if it became shorter, with RST; what ends the connection.
   * - **Unsubscribe**: what has been submitted still leaves.
   *
   * @param path - of a regular file
   * @see event2/buffer.h `evbuffer_add_file()`
   */
  sendFile(path: string, config: SendFileConfig = {}): Observable<number> {
    return sendFile(this.output, socketTransport(this.transport, 'sendfile'), path, config);
  }

  /**
   * Calls `done` once everything written so far has left, with an error if it cannot.
   *
   * @internal
   * @returns takes the wish back
   */
  whenLeft(done: (error: LibeventError | undefined) => void): () => void {
    return this.output.whenLeft(done);
  }

  /** @internal */
  onEnd(error: LibeventError | undefined): void {
    // Under way while the connection was dropped: it has ended already, in its own way.
    if (!this.life.endable) return;
    if (error === undefined) {
      this.life.tell({ type: 'eof' });
    } else {
      this.life.failure ??= error;
      this.output.onFailed(error);
      this.life.tell({ type: 'error', direction: 'read', error });
    }
    this.input.end(error);
    // Nothing more can come, and after an error nothing can go: the socket is of no use.
    if (error !== undefined) this.life.end('drop');
  }

  /** @internal */
  onTimeout(direction: 'read' | 'write'): void {
    // The next one may be under way while the connection ends because of the one before.
    if (!this.life.endable) return;
    this.life.tell({ type: 'timeout', direction });
    const error = this.ownTimeouts.errorOf(direction);
    if (error !== undefined) this.fail(error);
  }

  /** @internal */
  onInputEnded(): void {
    if (this.life.open && !this.options.allowHalfOpen) this.output.finish();
    this.closeIfDone();
  }

  private get ownTimeouts(): Timeouts {
    return (this.timeouts ??= new Timeouts(this.transport, this.options));
  }

  /** Ends because of an error of our own: what has come is emitted first, then the error. @internal */
  fail(error: LibeventError): void {
    this.life.failure ??= error;
    this.output.onFailed(error);
    this.input.end(error);
    this.life.end('drop');
  }

  /** @internal */
  closeIfDone(): void {
    // One that lingers waits for the peer's end, and the transport sees that.
    if (this.life.open && this.input.done && this.output.done) this.life.end('drop');
  }

  /** @internal */
  onClosed(error: LibeventError | undefined): void {
    if (!this.life.close()) return;
    const failure = error ?? this.life.failure;
    this.output.onClosed(failure);
    this.input.end(failure);
    this.life.tellClosed();
  }
}
