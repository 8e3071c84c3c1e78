import { SubscriberContext } from '../common/SubscriberContext';
import { byteLengthOf, mostBytesOf } from '../common/bytes';
import { checkChunk } from '../common/checkChunk';
import type { CheckedChunk } from '../common/Chunk';
import type { Connection } from '../connection/Connection';
import type { Output } from '../connection/Output';
import { notWritable } from '../connection/notWritable';
import { enterSource, leaveSource, type Release } from '../flow/Source';

/** What a stream is given at once, with the encoding of what is text. */
export interface StreamChunk {
  readonly chunk: unknown;
  readonly encoding: BufferEncoding;
}

/** Called once, with an error if the bytes have not been taken. */
export type WrittenCallback = (error?: Error | null) => void;

/** Smaller pieces than this cost time, whatever the marks are. */
const LEAST_PIECE_BYTES = 65536;

/**
 * The writing half of a stream over a connection: writes what saturates the connection, and the rest
 * when that has drained. While it is open, the connection's output stays open for it when the peer has
 * ended.
 *
 * It holds no source, and so not its own input: a stream has back-pressure of its own, and what carries
 * a protocol must be able to read while it waits to write.
 */
export class StreamOutput {
  private readonly output: Output;
  private readonly context = new SubscriberContext();
  private readonly letClose: Release;
  private list: readonly StreamChunk[] = [];
  private index = 0;
  /** What is left of a chunk that is written piece by piece. */
  private rest: Uint8Array | undefined;
  private done: WrittenCallback | undefined;
  /** Bytes of what is being written that the connection has. */
  takenBytes = 0;
  private state: 'open' | 'stopped' = 'open';
  private stopWaiting: (() => void) | undefined;

  constructor(private readonly connection: Connection) {
    this.output = connection.core.output;
    this.letClose = connection.core.keepOpen();
  }

  /**
   * Writes chunks, one call at a time.
   *
   * @param done - called when the connection takes more, and never after {@link StreamOutput.stop}
   */
  write(list: readonly StreamChunk[], done: WrittenCallback): void {
    this.list = list;
    this.index = 0;
    this.done = done;
    this.goOn();
  }

  /** Sends FIN behind what has been written; `done` is called when that has been sent. */
  finish(done: WrittenCallback): void {
    const { output } = this;
    const { core } = this.connection;
    if (!output.open && core.isCut) {
      done(output.failure ?? notWritable());
      return;
    }
    this.connection.complete();
    this.flush(done);
  }

  /** Calls `done` when all that has been written has been sent. */
  flush(done: WrittenCallback): void {
    this.stopWaiting = this.output.whenSent((error) => {
      this.letClose();
      this.context.runInAsyncScope(done, undefined, error);
    });
  }

  /** Notifies nobody any more. */
  stop(): void {
    this.state = 'stopped';
    this.stopWaiting?.();
    this.letClose();
    this.list = [];
    this.rest = undefined;
    this.done = undefined;
  }

  private goOn(): void {
    if (this.state === 'stopped') return;
    const outer = enterSource(undefined);
    try {
      this.writeList();
    } catch (error) {
      this.finishList(error as Error);
    } finally {
      leaveSource(outer);
    }
  }

  private writeList(): void {
    const { output } = this;
    while (this.rest !== undefined || this.index < this.list.length) {
      if (!output.open) {
        this.finishList(output.failure ?? notWritable());
        return;
      }
      if (this.waits()) return;
      const piece = this.nextPiece();
      const before = output.writtenBytes;
      output.write(piece, 'hold', output);
      this.takenBytes += output.writtenBytes - before;
    }
    if (!this.waits()) this.finishList();
  }

  private finishList(error?: Error): void {
    const { done } = this;
    this.takenBytes = 0;
    this.list = [];
    this.rest = undefined;
    this.done = undefined;
    done?.(error);
  }

  /** No larger than what may wait in the connection's output, whatever the stream is given. */
  private nextPiece(): CheckedChunk {
    const most = Math.min(
      Math.max(LEAST_PIECE_BYTES, this.output.marks.high),
      this.output.roomBytes,
    );
    let bytes = this.rest;
    if (bytes === undefined) {
      const next = this.list[this.index] as StreamChunk;
      this.index += 1;
      const chunk = checkChunk(next.chunk);
      if (typeof chunk !== 'string') bytes = chunk;
      else if (next.encoding === this.connection.core.encoding && mostBytesOf(chunk) <= most) {
        return chunk;
      } else bytes = Buffer.from(chunk, next.encoding);
    }
    const more = byteLengthOf(bytes) > most;
    this.rest = more ? bytes.subarray(most) : undefined;
    return more ? bytes.subarray(0, most) : bytes;
  }

  /** @returns true where nothing may be written now; it goes on when that has changed */
  private waits(): boolean {
    const { output } = this;
    if (output.file !== undefined) output.file.whenEnded(this.wake);
    else if (output.saturated) {
      const drained = output.drained.subscribe(() => {
        drained.unsubscribe();
        this.wake();
      });
      this.stopWaiting = () => drained.unsubscribe();
    } else if (output.roomBytes < 1) this.stopWaiting = output.whenSent(this.wake);
    else return false;
    return true;
  }

  /** A saturated output drains before it ends: only later is it known whether it has. */
  private readonly wake = (): void => {
    this.stopWaiting = undefined;
    queueMicrotask(() => {
      this.context.runInAsyncScope(() => {
        this.goOn();
      });
    });
  };
}
