import { Subject, noop, type Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { lengthOf, mostBytesOf } from '../common/bytes';
import { type Few, each, withItem, withoutItem } from '../common/few';
import { Saturation } from '../flow/Saturation';
import { HoldSet, currentSource } from '../flow/Source';
import type { Watermarks } from '../flow/Watermarks';
import type { ConnectionOptions } from './ConnectionConfig';
import { FileInOutput } from './FileInOutput';
import type { OutputListener, OutputOwner } from './OutputOwner';
import { type SentCallback, SentNotices } from './SentNotices';
import type { CheckedChunk } from '../common/Chunk';
import type { Transport } from './Transport';
import { DEFAULT_DROP_ABOVE_BYTES, type WhenSaturated, type Writer } from './WhenSaturated';

/** Less is sent with everything else that a turn writes. */
const BULK_BYTES = 65536;

/**
 * The writing half of a connection: counts bytes, decides when it is saturated, holds the sources
 * that fill it, and notifies those who wait until bytes have been sent.
 */
export class Output implements Writer {
  /**
   * Behind a file: FIN has been asked for, and follows the file. Finishing: FIN follows what has been
   * written. Finished: it has been sent. Stopped: the connection goes without flushing. Ended:
   * nothing can be sent any more. Closed: so is the connection.
   */
  private state: 'open' | 'behindFile' | 'finishing' | 'finished' | 'stopped' | 'ended' | 'closed' =
    'open';
  private readonly saturation: Saturation;
  // What most connections never need is made when it is needed.
  private drainedSubject: Subject<void> | undefined;
  private listeners: Few<OutputListener>;
  private notices: SentNotices | undefined;
  /** Held by values that came by bare `next`. */
  holds: HoldSet | undefined;
  private holding: Few<HoldSet>;
  /** Values that came while it was saturated, and were not written. */
  dropped = 0;
  /** Values that came when no value was taken any more. */
  refused = 0;
  private written = 0;
  /** The last known position of what has been sent; never ahead of the truth. */
  private sentLast = 0;
  /** What has ended the output, if it was an error. */
  failure: LibeventError | undefined;
  /** The file that is being sent, if one is. */
  file: FileInOutput | undefined;

  constructor(
    private transport: Transport,
    private readonly options: ConnectionOptions,
    private readonly cause: unknown,
    private readonly owner: OutputOwner,
  ) {
    this.saturation = new Saturation(options.write);
  }

  get dropAboveBytes(): number {
    return DEFAULT_DROP_ABOVE_BYTES;
  }

  get drained(): Observable<void> {
    this.drainedSubject ??= new Subject();
    if (this.state === 'closed') this.drainedSubject.complete();
    return this.drainedSubject;
  }

  get saturated(): boolean {
    return this.saturation.saturated;
  }

  get marks(): Watermarks {
    return this.saturation.marks;
  }

  set marks(marks: Watermarks) {
    this.saturation.marks = marks;
    if (this.done || this.state === 'stopped') return;
    this.evaluate(this.bytes);
    this.askForLowMark();
  }

  /** Bytes that have been written and have not been sent. */
  get bytes(): number {
    // The position is no longer this connection's once it is closed: others have its slot.
    if (this.done) return 0;
    return this.written - this.transport.sent + (this.file?.bytesBehind ?? 0);
  }

  /** Bytes that have been written, in all. */
  get writtenBytes(): number {
    return this.written + (this.file?.bytesBehind ?? 0);
  }

  /** Bytes that may be written now without exceeding `maxOutputBytes`. */
  get roomBytes(): number {
    return this.options.maxOutputBytes - this.bytes;
  }

  get open(): boolean {
    return this.state === 'open';
  }

  /** Nothing more will be sent: the FIN has been, or cannot be. */
  get done(): boolean {
    return this.state === 'finished' || this.isEnded;
  }

  moveTo(transport: Transport): void {
    this.transport = transport;
    this.askForLowMark();
    this.notices?.moveTo(transport);
  }

  /** @returns false where no value is taken any more */
  write(chunk: CheckedChunk, whenSaturated: WhenSaturated, writer: Writer): boolean {
    if (!this.open) {
      this.refused += 1;
      this.owner.onRefused();
      return false;
    }
    if (this.saturated && whenSaturated !== 'hold' && this.drops(chunk, whenSaturated, writer)) {
      return true;
    }
    if (this.file !== undefined) this.writeBehind(this.file, chunk, whenSaturated, writer);
    else this.writeNow(chunk, whenSaturated, writer);
    return true;
  }

  /**
   * Calls `done` once everything that has been written until now has been sent, or cannot be; at
   * once if that is known.
   *
   * @returns takes the wish back
   */
  whenSent(done: SentCallback): () => void {
    const { file } = this;
    if (file === undefined) {
      if (this.written !== this.transport.sent) return this.whenWrittenSent(done);
      // No notification is needed. Bytes lost to a failure never count as sent.
      done(this.failure);
      return noop;
    }
    let stop = noop;
    const takeBack = file.add(() => {
      stop = this.whenWrittenSent(done);
    });
    return () => {
      takeBack();
      stop();
    };
  }

  /** As {@link whenSent}, but without what waits behind a file. */
  whenWrittenSent(done: SentCallback): () => void {
    if (this.isEnded) {
      done(this.failure);
      return noop;
    }
    this.notices ??= new SentNotices(this.transport);
    return this.notices.add(this.written, done);
  }

  /** Notifies when nothing can be sent any more, at once if that is so. */
  listen(listener: OutputListener): void {
    if (this.isEnded) listener.onOutputEnded(this.failure, 'cut');
    else this.listeners = withItem(this.listeners, listener);
  }

  forget(listener: OutputListener): void {
    this.listeners = withoutItem(this.listeners, listener);
  }

  /**
   * Lets a file into the output; other writes wait behind it until {@link endFile}.
   *
   * @returns false if nothing can be written, or another file is being sent
   */
  beginFile(): boolean {
    if (!this.open || this.file !== undefined) return false;
    this.file = new FileInOutput();
    return true;
  }

  /** True while the bytes of the file can still go out. */
  get takesFile(): boolean {
    return this.file !== undefined && (this.state === 'open' || this.state === 'behindFile');
  }

  /** A slice of the file, of any length: it costs no memory. */
  writeFile(send: (offset: number, bytes: number) => void, offset: number, bytes: number): void {
    send(offset, bytes);
    this.written += bytes;
    this.updateSent();
  }

  /** A slice of a file that has no size, as it has been read. */
  writeFileBytes(bytes: Uint8Array): void {
    this.submit(bytes);
  }

  /** The file cannot be sent whole. */
  failFile(error: LibeventError): LibeventError {
    this.owner.onOverflow(error);
    return error;
  }

  /** The file has been submitted, or given up: what waited behind it follows. */
  endFile(): void {
    const { file, state } = this;
    this.file = undefined;
    if (state === 'behindFile') this.state = 'open';
    file?.flush();
    if (state === 'behindFile') this.finish();
    if (!this.saturated) this.releaseAll();
    file?.notifyEnd();
  }

  /** Nothing more is taken: the connection goes without flushing. */
  stop(): void {
    this.endSaturation();
    if (!this.done) this.state = 'stopped';
    this.releaseAll();
  }

  /** A writer has ended: so has what is held because of its values. */
  releaseOf(writer: Writer): void {
    const { holds } = writer;
    if (holds === undefined) return;
    this.holding = withoutItem(this.holding, holds);
    holds.releaseAll();
  }

  /** @param lingers - the transport is to linger next, and sends the FIN by itself */
  finish(lingers = false): void {
    if (!this.open) return;
    // No value is taken any more, so no source has to wait.
    this.releaseAll();
    if (this.file !== undefined) {
      this.state = 'behindFile';
      return;
    }
    this.state = 'finishing';
    if (!lingers) this.transport.shutdown();
  }

  /** The transport has reached the position that was asked for. */
  onSent(): void {
    this.updateSent();
    for (const done of this.notices?.take(this.sentLast) ?? []) done(undefined);
  }

  /** The output has fallen to the mark that was asked for; more may have been written since. */
  onDrained(): void {
    this.updateSent();
    this.askForLowMark();
  }

  onFinished(): void {
    if (this.state === 'finishing') this.state = 'finished';
    this.leave(undefined);
  }

  /** Nothing more can be sent: waiters are notified, held sources released. */
  onFailed(error: LibeventError): void {
    if (!this.done) this.end(error, 'cut');
  }

  onClosed(error: LibeventError | undefined): void {
    if (this.state === 'finished') this.end(undefined, 'inOrder');
    else if (!this.isEnded) this.end(error ?? this.lost(), 'cut');
    this.state = 'closed';
    this.drainedSubject?.complete();
  }

  private writeNow(chunk: CheckedChunk, whenSaturated: WhenSaturated, writer: Writer): void {
    const { maxOutputBytes, encoding } = this.options;
    // Looked at only when it could matter: what has been sent is read from shared memory.
    const fits = this.written + mostBytesOf(chunk) - this.sentLast <= maxOutputBytes;
    if (!fits && this.bytes + lengthOf(chunk, encoding) > maxOutputBytes) {
      this.failForBytes();
      return;
    }
    this.submit(chunk);
    if (this.saturated && whenSaturated === 'hold') this.holdCurrent(writer);
  }

  private submit(chunk: CheckedChunk): void {
    this.owner.observer?.onWrite(chunk);
    this.written += this.transport.write(chunk, this.options.encoding);
    const { high } = this.marks;
    if (this.written - this.sentLast <= high) return;
    // What the system takes at once saturates nothing.
    if (!this.saturated && this.bytes > Math.max(high, BULK_BYTES)) this.transport.sendNow?.();
    this.updateSent();
  }

  private updateSent(): void {
    this.sentLast = this.transport.sent;
    if (this.isEnded || this.state === 'stopped') return;
    this.evaluate(this.written - this.sentLast);
  }

  private evaluate(bytes: number): void {
    const change = this.saturation.evaluate(bytes);
    if (change === undefined) return;
    if (change === 'saturated') {
      this.askForLowMark();
    } else {
      // Behind a file nothing goes on before its end.
      if (this.file === undefined) this.releaseAll();
      this.drainedSubject?.next();
    }
    this.owner.onSaturation(change);
  }

  /** Holds a source because of a saturated output, also one that joins late. */
  private holdCurrent(writer: Writer): void {
    const source = currentSource();
    if (source === undefined) return;
    const holds = (writer.holds ??= new HoldSet(this.cause));
    holds.hold(source);
    this.holding = withItem(this.holding, holds);
  }

  private releaseAll(): void {
    const { holding } = this;
    this.holding = undefined;
    each(holding, (holds) => {
      holds.releaseAll();
    });
  }

  /** Output that waits when the connection is dropped is not sent: its waiters get an error. */
  private lost(): LibeventError | undefined {
    const { bytes } = this;
    if (bytes === 0) return undefined;
    const detail = `the connection was closed before ${String(bytes)} bytes of output had been sent`;
    return new LibeventError('ECANCELED', 'write', { detail });
  }

  private end(error: LibeventError | undefined, how: 'inOrder' | 'cut'): void {
    this.endSaturation();
    this.state = 'ended';
    this.failure = error;
    this.leave(error);
    const { listeners } = this;
    this.listeners = undefined;
    each(listeners, (listener) => {
      listener.onOutputEnded(error, how);
    });
  }

  /** Saturation ends with `drained`, whatever has ended the output. */
  private endSaturation(): void {
    if (this.saturated) this.evaluate(0);
  }

  private get isEnded(): boolean {
    return this.state === 'ended' || this.state === 'closed';
  }

  private leave(error: LibeventError | undefined): void {
    this.releaseAll();
    this.notices?.end(error);
  }

  private writeBehind(
    file: FileInOutput,
    chunk: CheckedChunk,
    whenSaturated: WhenSaturated,
    writer: Writer,
  ): void {
    file.write(chunk, this.options.encoding, (kept) => {
      if (this.open) this.writeNow(kept, 'hold', this);
    });
    if (file.bytesBehind > this.options.maxOutputBytes) this.failForBytes();
    else if (whenSaturated === 'hold') this.holdCurrent(writer);
  }

  private failForBytes(): void {
    const limit = this.options.maxOutputBytes;
    const detail = `output would exceed maxOutputBytes, ${String(limit)} bytes`;
    this.owner.onOverflow(new LibeventError('ERR_MAX_OUTPUT_BYTES', 'write', { detail, limit }));
  }

  /** @returns true where the value is not written */
  private drops(chunk: CheckedChunk, whenSaturated: 'drop' | 'close', writer: Writer): boolean {
    const { bytes } = this;
    const { maxOutputBytes, encoding } = this.options;
    const fits = bytes + lengthOf(chunk, encoding) <= maxOutputBytes;
    if (whenSaturated === 'drop' && bytes <= writer.dropAboveBytes && fits) return false;
    this.dropped += 1;
    if (whenSaturated === 'drop') return true;
    const limit = this.marks.high;
    const detail = `the connection is saturated, above ${String(limit)} bytes`;
    this.owner.onOverflow(new LibeventError('ERR_SATURATED', 'write', { detail, limit }));
    return true;
  }

  private askForLowMark(): void {
    if (this.saturated) this.transport.drain(this.marks.low);
  }
}
