import { inspect } from 'node:util';
import { Observable, type Observer, type Subscriber } from 'rxjs';
import { checkInteger, checkOneOf, checkOptions } from '../common/check';
import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import { inSubscriberContext } from '../common/inSubscriberContext';
import { endpointText } from '../common/endpointText';
import { lend, type BorrowingSubscriber } from '../common/borrow';
import { Iteration } from '../flow/Iteration';
import { acceptedBy, type Holdable, type Release } from '../flow/Source';
import { watermarks, type Watermarks, type WatermarksConfig } from '../flow/Watermarks';
import { MAX_MS, type ConnectionOptions } from './ConnectionConfig';
import { ConnectionCore } from './ConnectionCore';
import type { ConnectionEvent } from './ConnectionEvent';
import { ConnectionSocket, configuresSocket } from './ConnectionSocket';
import type { ConnectionTls } from './ConnectionTls';
import { copyOf } from '../common/bytes';
import { checkBytes, checkChunk } from '../common/checkChunk';
import { sendFile, type SendFileConfig } from './sendFile';
import { isSocketTransport, socketTransport } from './socketTransport';
import type { TimeoutsConfig } from './Timeouts';
import type { Chunk } from '../common/Chunk';
import type { Transport } from './Transport';
import { WHEN_SATURATED, type WhenSaturated } from './WhenSaturated';

/** Node has it since 20.4. */
const asyncDispose: typeof Symbol.asyncDispose =
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
  Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');

/** Marks of both directions, in bytes. */
export interface FlowMarks {
  readonly read: Watermarks;
  readonly write: Watermarks;
}

const MARKS = { read: true, write: true };
const DEFAULT_DEADLINE_MS = 5000;

/** The same function for every connection. */
function subscribeToInput(this: Observable<Buffer>, subscriber: Subscriber<Buffer>): void {
  if (this instanceof Connection) this.core.input.subscribe(subscriber);
}

/**
 * One connection: the bytes of the peer as an Observable, and an Observer for the bytes to it.
 *
 * "Read it with `subscribe`, write to it with `next`, and it slows down its source."
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
 * @example
 * ```ts
 * listen({ port: 40713 }).subscribe((conn) => {
 *   conn.next('Welcome\n');
 *   conn.subscribe({
 *     next: (chunk) => conn.next(chunk),
 *     complete: () => console.log('the peer has ended'),
 *     error: (error) => console.log(error.code),
 *   });
 * });
 * ```
 *
 * @see event2/bufferevent.h `bufferevent_socket_new()`
 */
export class Connection extends Observable<Buffer> implements Observer<Chunk> {
  /** @internal */
  readonly core: ConnectionCore;
  /** @internal */
  [acceptedBy]: Holdable | undefined;
  private connectionSocket: ConnectionSocket | undefined;

  /** @internal Connections come from `listen`, `connect` and the like. */
  constructor(
    transport: Transport,
    options: ConnectionOptions,
    private readonly addresses: ConnectionAddresses,
  ) {
    super(subscribeToInput);
    this.core = new ConnectionCore(transport, options, this);
    if (configuresSocket(options) && isSocketTransport(transport)) this.socket.configure(options);
  }

  /** @internal Lets an operator of the library read the bytes where they are. */
  [lend](subscriber: BorrowingSubscriber): void {
    this.core.input.subscribe(subscriber, true);
  }

  /** @internal One line instead of its insides. */
  [inspect.custom](): string {
    const { closed, writable, saturated, held, inputBytes, outputBytes } = this;
    const ends = `${endpointText(this.localAddress)} to ${endpointText(this.remoteAddress)}`;
    const state = closed ? 'closed' : writable ? 'open' : 'ending';
    const flow = (saturated ? ', saturated' : '') + (held ? ', held' : '');
    const waiting = `${String(inputBytes)} bytes in, ${String(outputBytes)} bytes out`;
    return `Connection { ${ends}, ${state}${flow}, ${waiting} }`;
  }

  /** The address of this end. */
  get localAddress(): AddressInfo {
    return this.addresses.local();
  }

  /** The address of the peer. */
  get remoteAddress(): AddressInfo {
    return this.addresses.remote();
  }

  /** What it has been secured by; undefined for a plain connection. */
  get tls(): ConnectionTls | undefined {
    return this.core.transport.tls;
  }

  /** Bytes that have been written and not yet taken by the system. */
  get outputBytes(): number {
    return this.core.output.bytes;
  }

  /** Bytes that have been read ahead and not yet emitted. */
  get inputBytes(): number {
    return this.core.input.waitingBytes;
  }

  /** Bytes that have been received, those of {@link inputBytes} included. */
  get bytesRead(): number {
    return this.core.input.receivedBytes;
  }

  /** Bytes that have been written; those of {@link outputBytes} have not been sent yet. */
  get bytesWritten(): number {
    return this.core.output.writtenBytes;
  }

  /** True from the output's rise above the high mark until its fall to the low mark. */
  get saturated(): boolean {
    return this.core.output.saturated;
  }

  /** True while somebody holds the connection. */
  get held(): boolean {
    return this.core.input.source.held;
  }

  /** The causes that hold the connection: other connections, or the reasons given to `hold`. */
  get heldBy(): readonly unknown[] {
    return this.core.input.source.heldBy;
  }

  /** Values that were not written, because of saturation. */
  get dropped(): number {
    return this.core.output.dropped;
  }

  /** Values that came when the output had ended, whichever side had ended it. */
  get refused(): number {
    return this.core.output.refused;
  }

  /** Whether a value is taken: the output has not ended, by anyone. */
  get writable(): boolean {
    return this.core.output.open;
  }

  /** True once the connection is gone, as {@link whenClosed} says. */
  get closed(): boolean {
    return this.core.isClosed;
  }

  /** The error that has ended the connection: its own, or what was given to {@link error}. */
  get failure(): unknown {
    return this.core.failure;
  }

  /** Marks of both directions, in bytes. */
  get marks(): FlowMarks {
    return { read: this.core.input.marks, write: this.core.output.marks };
  }

  /**
   * Emits each time that a saturated output has drained; completes when the connection closes.
   *
   * @example
   * ```ts
   * conn.drained.subscribe(() => console.log(`at most ${conn.marks.write.low} bytes wait`));
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_data_cb`, the write callback
   */
  get drained(): Observable<void> {
    return inSubscriberContext(this.core.output.drained);
  }

  /**
   * What happens beside the bytes; completes when the connection closes.
   *
   * @example
   * ```ts
   * conn.events
   *   .pipe(filter(({ type }) => type === 'hangup'))
   *   .subscribe(() => console.log('the peer has gone while nobody read'));
   * ```
   */
  get events(): Observable<ConnectionEvent> {
    return inSubscriberContext(this.core.events);
  }

  /**
   * Emits once and completes when the connection is gone, at once if it is already.
   *
   * @example
   * ```ts
   * conn.whenClosed.subscribe(() => console.log(conn.bytesRead, conn.bytesWritten, conn.failure));
   * ```
   */
  get whenClosed(): Observable<void> {
    return inSubscriberContext(this.core.whenClosed);
  }

  /**
   * Writes a chunk. While the output is saturated, the current source is held: until it has drained,
   * or the subscription to that source in which the chunk was written has ended. When the output has
   * ended, the chunk is not taken, and counted in {@link refused}.
   *
   * The bytes are taken when the call returns: the chunk may be changed or given away at once.
   *
   * @throws TypeError if the chunk is neither bytes nor a string
   *
   * @example
   * ```ts
   * conn.next('text as UTF-8\n');
   * conn.next(Uint8Array.of(1, 2, 3));
   * ```
   */
  next(chunk: Chunk): void {
    this.send(chunk, 'hold');
  }

  /**
   * Writes a chunk, and says what a saturated connection does with it. `'drop'` has the default mark
   * of `sendTo`'s `dropAboveBytes`.
   *
   * @example
   * ```ts
   * conn.send('the temperature is 21.5\n', 'drop');
   * ```
   */
  send(chunk: Chunk, whenSaturated: WhenSaturated): void {
    const bytes = checkChunk(chunk);
    if (whenSaturated !== 'hold') checkOneOf('whenSaturated', whenSaturated, WHEN_SATURATED);
    this.core.output.write(bytes, whenSaturated, this.core.output);
  }

  /**
   * Flushes, then sends FIN; reading goes on. Closes when the peer has ended, too.
   *
   * @example
   * ```ts
   * conn.next('That was all.\n');
   * conn.complete();
   * ```
   */
  complete(): void {
    this.core.output.finish();
  }

  /**
   * A failed source ends the connection with RST, so that the peer does not take it for whole.
   *
   * @example
   * ```ts
   * conn.error(new Error('the file became shorter'));
   * ```
   */
  error(error: unknown): void {
    this.core.abort('reset', error);
  }

  /**
   * Sends RST and drops everything. Readers are completed.
   *
   * @example
   * ```ts
   * conn.reset();
   * ```
   */
  reset(): void {
    this.core.abort('reset');
  }

  /**
   * Closes now: output that waits is lost, and unread input. Readers are completed.
   *
   * @example
   * ```ts
   * conn.destroy();
   * ```
   */
  destroy(): void {
    this.core.abort('drop');
  }

  /**
   * Closes gracefully: flushes, sends FIN, waits for the peer's end, throws away what it sends
   * meanwhile. Readers are completed.
   *
   * @param deadlineMs - closes at the latest after this many ms. Default: 5000. Bounds: 1 to 2147483647
   *
   * @example
   * ```ts
   * conn.next('Good bye\n');
   * conn.close(1000);
   * ```
   */
  close(deadlineMs = DEFAULT_DEADLINE_MS): void {
    checkInteger('deadlineMs', deadlineMs, 1, MAX_MS, 'ms');
    this.core.close(deadlineMs);
  }

  /** Keeps the process alive while it is open; that is how a connection begins. */
  ref(): this {
    return this.reference(true);
  }

  /**
   * Lets the process end though the connection is open, until {@link Connection.ref}.
   *
   * @example
   * ```ts
   * open({ port: 40713 }).then((conn) => conn.unref());
   * ```
   */
  unref(): this {
    return this.reference(false);
  }

  /**
   * For `await using`: closes as {@link close} does.
   *
   * @returns when the connection is gone; rejects if output has not been sent
   *
   * @example
   * ```ts
   * await using conn = await open({ port: 40713 });
   * conn.next('sent before the block is left\n');
   * ```
   */
  [asyncDispose](): Promise<void> {
    const { core } = this;
    if (core.isClosed) return Promise.resolve();
    this.close();
    return new Promise((resolve, reject) => {
      core.listen({
        onClosed: () => {
          const { failure } = core.output;
          if (failure === undefined) resolve();
          else reject(failure);
        },
      });
    });
  }

  /**
   * For `for await`: the connection is held while the body of the loop runs. Ends with the input;
   * throws what the connection fails with. What a `break` did not use goes to the next reader, and
   * the connection stays open.
   *
   * @example
   * ```ts
   * for await (const chunk of conn) {
   *   await writeFile('received.bin', chunk, { flag: 'a' });
   * }
   * ```
   *
   * @see `toAsyncIterable` of `rxjs-libevent/streams`, for the end of a pipeline
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    return new Iteration(this);
  }

  /**
   * Gives bytes back to the front of the input, for the next reader.
   *
   * @returns false if another reader has had them already or the input has ended
   *
   * @example
   * ```ts
   * conn.pipe(take(1)).subscribe((chunk) => {
   *   console.log('first byte', chunk[0]);
   *   conn.unread(chunk);
   * });
   * ```
   */
  unread(chunk: NodeJS.ArrayBufferView): boolean {
    return this.core.input.unread(copyOf(checkBytes(chunk)));
  }

  /**
   * Holds the connection: it emits nothing until the returned function is called.
   *
   * @example
   * ```ts
   * const release = conn.hold('maintenance');
   * setTimeout(release, 1000);
   * ```
   */
  hold(cause: unknown = 'hold'): Release {
    return this.core.input.source.hold(cause);
  }

  /**
   * Changes the marks, from now on. An absent side stays as it is.
   *
   * @throws RangeError when a mark is negative, fractional, too large, or low is above high
   *
   * @example
   * ```ts
   * conn.setWatermarks({ write: { high: 1024 * 1024 } });
   * ```
   */
  setWatermarks(marks: {
    readonly read?: WatermarksConfig;
    readonly write?: WatermarksConfig;
  }): void {
    checkOptions('marks', marks, MARKS);
    const { input, output } = this.core;
    const read = watermarks('read', marks.read, input.marks);
    const write = watermarks('write', marks.write, output.marks);
    input.marks = read;
    output.marks = write;
  }

  /**
   * Changes the timeouts, from now on; `whenTimeout` of the options says what they do.
   *
   * @example
   * ```ts
   * conn.setTimeouts({ readTimeoutMs: 30_000 });
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_set_timeouts()`
   */
  setTimeouts(config: TimeoutsConfig): void {
    this.core.timeouts.set(config);
  }

  /**
   * What libevent does for a socket beside carrying its bytes: rate limits, priority, descriptor.
   *
   * @throws LibeventError `ENOTSUP` where there is no libevent below, as in a marble test
   *
   * @example
   * ```ts
   * conn.socket.setRateLimit({ writeBytesPerSecond: 100_000 });
   * ```
   */
  get socket(): ConnectionSocket {
    return (this.connectionSocket ??= new ConnectionSocket(
      socketTransport(this.core.transport, 'socket'),
    ));
  }

  private reference(on: boolean): this {
    const { transport } = this.core;
    // In a marble test nothing keeps a process alive.
    if (isSocketTransport(transport)) transport.reference(on);
    return this;
  }

  /**
   * Sends a file, or a part of it, from the page cache; its bytes never pass JavaScript, but for those
   * of a file that says no size, as in `/proc`, which is read to its end.
   *
   * A rate limit holds on average: what is sent at once may be a slice of 4 MiB, which is paid for
   * afterwards.
   *
   * - **Subscribe**: cold; opens the file. What is written from now on follows after it.
   * - **Next**: how many bytes of it have been sent.
   * - **Complete**: when all of them have.
   * - **Error**: Node's of `open`; `EISDIR`, `EINVAL` for what is no file; `ERR_NOT_WRITABLE` while
   *   another one is sent; `EIO` if it became shorter, with RST; what ends the connection.
   * - **Unsubscribe**: what has been submitted is still sent.
   *
   * @param path - of a regular file
   *
   * @example
   * ```ts
   * conn.sendFile('/var/log/syslog').subscribe({ complete: () => conn.complete() });
   * ```
   *
   * @see event2/buffer.h `evbuffer_add_file()`
   */
  sendFile(path: string, config: SendFileConfig = {}): Observable<number> {
    const { output, transport } = this.core;
    return sendFile(output, transport, path, config);
  }
}
