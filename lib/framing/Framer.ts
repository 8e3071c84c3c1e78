import type { Observable, Observer, Subscriber, Unsubscribable } from 'rxjs';
import { Intake } from '../flow/Intake';
import { type Holdable, currentSource, enterSource, leaveSource } from '../flow/Source';
import { borrow } from '../common/borrow';
import { copyOf } from '../common/bytes';
import type { BorrowingDecoder, FrameDecoder } from './FrameDecoder';

type GiveBack = (rest: Uint8Array) => void;

/** A chunk that came while older work was not done, with where it came from. */
interface WaitingChunk {
  readonly chunk: Uint8Array;
  readonly source: Holdable | undefined;
  readonly giveBack: GiveBack | undefined;
}

/** How the source has ended. */
type Ending = { readonly kind: 'complete' } | { readonly kind: 'error'; readonly error: unknown };

/**
 * One subscription of {@link frames}: between a source of chunks and a subscriber to frames.
 *
 * It looks after each frame, because anything may have happened in `next`: the subscriber may be
 * gone, the source may be held, more chunks or the end may have come from within.
 */
export class Framer<T> implements Observer<Uint8Array>, Unsubscribable {
  private readonly upstream: Intake<Uint8Array>;
  /** Made when it is needed: most chunks are done before the next one comes. */
  private waiting: WaitingChunk[] | undefined;
  private source: Holdable | undefined;
  private giveBack: GiveBack | undefined;
  /** This many bytes of those that came last are from {@link Framer.source} and can go back there. */
  private returnableBytes = 0;
  private draining = false;
  private takeWorkBack: (() => void) | undefined;
  private ending: Ending | undefined;
  private stopped = false;

  constructor(
    private readonly subscriber: Subscriber<T>,
    private readonly decoder: FrameDecoder<T> & Partial<BorrowingDecoder<T>>,
  ) {
    this.upstream = new Intake(this);
  }

  connect(source: Observable<Uint8Array>): void {
    this.subscriber.add(this);
    // A decoder of the user's may keep what it is given.
    if (this.decoder.keep === undefined) source.subscribe(this.upstream);
    else borrow(source, this.upstream);
  }

  next(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const source = currentSource();
    const giveBack = source?.giveBackOf?.(chunk);
    if (this.draining || this.isPostponed()) {
      (this.waiting ??= []).push({ chunk: copyOf(chunk), source, giveBack });
      return;
    }
    this.accept(chunk, source, giveBack);
    this.drain();
    if (this.isPostponed()) this.decoder.keep?.();
  }

  error(error: unknown): void {
    this.end({ kind: 'error', error });
  }

  complete(): void {
    this.end({ kind: 'complete' });
  }

  private isPostponed(): boolean {
    return this.takeWorkBack !== undefined;
  }

  private end(ending: Ending): void {
    this.ending = ending;
    if (!this.draining && !this.isPostponed()) this.drain();
  }

  private accept(
    chunk: Uint8Array,
    source: Holdable | undefined,
    giveBack: GiveBack | undefined,
  ): void {
    if (giveBack === undefined || source !== this.source) this.returnableBytes = 0;
    if (giveBack !== undefined) this.returnableBytes += chunk.length;
    this.source = source;
    this.giveBack = giveBack;
    this.decoder.write(
      Buffer.isBuffer(chunk)
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength),
    );
  }

  /** Emits until something is in the way: a hold, the end of the bytes, the end of the interest. */
  private drain(): void {
    this.draining = true;
    const outer = enterSource(this.source);
    let finished = false;
    try {
      while (this.emitFrames()) {
        const next = this.waiting?.shift();
        if (next === undefined) {
          // What leads back to a chunk keeps its memory alive.
          if (this.decoder.unusedBytes === 0) this.giveBack = undefined;
          finished = this.ending !== undefined && this.emitTail(this.ending);
          break;
        }
        this.accept(next.chunk, next.source, next.giveBack);
        enterSource(this.source);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      leaveSource(outer);
      this.draining = false;
    }
    if (finished) this.finish();
  }

  /** @returns true when everything that was written has been emitted */
  private emitFrames(): boolean {
    const { decoder, source, subscriber } = this;
    for (;;) {
      if (source?.held === true && this.postpone(source)) return false;
      const frame = decoder.read();
      if (frame === undefined) return true;
      subscriber.next(frame);
      if (subscriber.closed) return false;
    }
  }

  /** @returns true when the ending may be passed on */
  private emitTail(ending: Ending): boolean {
    const { decoder, source, subscriber } = this;
    while (ending.kind === 'complete') {
      if (source?.held === true && this.postpone(source)) return false;
      const frame = decoder.end();
      if (frame === undefined) break;
      subscriber.next(frame);
      if (subscriber.closed) return false;
    }
    return true;
  }

  /** @returns false when there is nothing that would have to wait */
  private postpone(source: Holdable): boolean {
    if (this.decoder.unusedBytes === 0 && (this.waiting ?? []).length === 0) return false;
    this.takeWorkBack = source.postpone(() => {
      this.takeWorkBack = undefined;
      this.drain();
    });
    return true;
  }

  private finish(): void {
    if (this.ending?.kind === 'error') {
      const { error } = this.ending;
      this.unsubscribe();
      this.subscriber.error(error);
    } else {
      this.stopped = true;
      this.subscriber.complete();
    }
  }

  /** The decoder cannot go on. Its bytes are dropped: see {@link frames}, Error. */
  private fail(error: unknown): void {
    this.stopped = true;
    this.upstream.unsubscribe();
    this.subscriber.error(error);
  }

  /** The connection has to be free of this subscriber before bytes come back to it. */
  unsubscribe(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.upstream.unsubscribe();
    this.takeWorkBack?.();
    this.returnUnused();
  }

  private returnUnused(): void {
    const { decoder, source, waiting = [] } = this;
    if (decoder.unusedBytes > this.returnableBytes) return;
    if (waiting.some((one) => one.giveBack === undefined || one.source !== source)) {
      return;
    }
    const giveBack = waiting.at(-1)?.giveBack ?? this.giveBack;
    const unused = decoder.takeUnused();
    const rest =
      waiting.length === 0 ? unused : Buffer.concat([unused, ...waiting.map(({ chunk }) => chunk)]);
    if (rest.length > 0) giveBack?.(rest);
  }
}
