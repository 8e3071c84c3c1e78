import type { Unsubscribable } from 'rxjs';
import type { BorrowingSubscriber } from '../common/borrow';
import { copyOf } from '../common/bytes';
import type { Flow } from '../flow/Flow';
import { enterSource, leaveSource } from '../flow/currentSource';

/** What {@link Input} tells its connection. */
export interface InputOwner {
  /** The ending has been delivered, or there was nobody to have it. */
  inputEnded(): void;
}

/** A subscriber, with the number of the last chunk that it has not had. */
class Reader implements Unsubscribable {
  constructor(
    private readonly input: Input,
    readonly subscriber: BorrowingSubscriber,
    /** It reads chunks in place; all others get a chunk of their own. */
    readonly borrows: boolean,
    readonly since: number,
  ) {}

  unsubscribe(): void {
    this.input.leave(this);
  }
}

/** Chunks that a resumed input emits before other work has a turn. */
const BURST_CHUNKS = 64;

/**
 * The reading half of a connection: who reads, what waits, and how it ends. Emits only what its
 * flow allows, in order, and its ending after its last byte.
 *
 * Received bytes are borrowed: the transport uses their memory again. What waits is copied, and
 * what is emitted is the subscriber's own.
 */
export class Input {
  private readers: readonly Reader[] = [];
  /** Copies, that nobody else has. */
  private queue: Buffer[] = [];
  private sequence = 0;
  /** What the reader whose turn it is has been given. */
  private current: Buffer | undefined;
  private pumping = false;
  private ending: { readonly error: unknown } | undefined;
  private ended = false;

  constructor(
    private readonly flow: Flow,
    private readonly owner: InputOwner,
  ) {}

  /** The input has ended, and nothing of it waits. */
  get done(): boolean {
    return this.ended;
  }

  get hasReaders(): boolean {
    return this.readers.length > 0;
  }

  subscribe(subscriber: BorrowingSubscriber, borrows = false): void {
    if (this.ended) {
      this.finish(subscriber);
      return;
    }
    const reader = new Reader(this, subscriber, borrows, this.sequence);
    // Not by spreading: that makes room for 17.
    this.readers = this.readers.length === 0 ? [reader] : this.readers.concat(reader);
    this.flow.subscribe();
    subscriber.add(reader);
    this.goOnLater();
  }

  /** For {@link Reader}. */
  leave(reader: Reader): void {
    this.readers = this.readers.filter((other) => other !== reader);
    this.flow.unsubscribe();
  }

  /** @param chunk - valid during the call only */
  receive(chunk: Buffer): void {
    // Ended from this side, while the chunk was under way.
    if (this.ended) return;
    this.flow.arrived(chunk.length);
    if (this.queue.length > 0 || this.pumping || !this.flow.emitting) {
      this.queue.push(copyOf(chunk));
      return;
    }
    this.emit(chunk, false);
    if (this.queue.length > 0 || this.ending !== undefined) this.pump();
  }

  /** The peer's side has ended. Ends this side when nothing is left to emit. */
  end(error: unknown): void {
    if (this.ending !== undefined) return;
    this.ending = { error };
    this.flow.end();
    this.pump();
  }

  /** Ends now; what waits is lost. */
  abort(error: unknown): void {
    this.queue = [];
    this.ending ??= { error };
    this.flow.end();
    this.deliverEnd();
  }

  /** Emits what waits, as far as the flow allows. */
  pump(): void {
    if (this.pumping) return;
    for (let burst = BURST_CHUNKS; this.queue.length > 0 && this.flow.emitting; burst -= 1) {
      if (burst === 0) {
        this.flow.source.resumeLater();
        return;
      }
      this.emit(this.queue.shift() as Buffer, true);
    }
    if (this.queue.length === 0 && !this.flow.source.hasPostponed) this.deliverEnd();
  }

  /** A way back for the rest of a chunk, if `value` is the chunk that is being emitted. */
  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    if (value !== this.current) return undefined;
    const { sequence } = this;
    return (rest) => {
      this.giveBack(rest, sequence, 0);
    };
  }

  /**
   * Puts bytes back in front, for the next reader.
   *
   * @returns false if others have had them already, or the input has ended
   */
  unread(bytes: Uint8Array): boolean {
    return this.giveBack(bytes, this.sequence, 1);
  }

  /** @param most - so many readers may have had the bytes: the one that gives them back, or none */
  private giveBack(bytes: Uint8Array, sequence: number, most: number): boolean {
    if (bytes.length === 0) return true;
    if (this.ended || this.readers.filter(({ since }) => since < sequence).length > most) {
      return false;
    }
    this.queue.unshift(copyOf(bytes));
    this.flow.returned(bytes.length);
    this.goOnLater();
    return true;
  }

  private goOnLater(): void {
    if (this.pumping || this.readers.length === 0) return;
    if (this.queue.length > 0 || this.ending !== undefined) this.flow.source.resumeLater();
  }

  /** @param owned - the chunk is a copy already, which may be given away */
  private emit(chunk: Buffer, owned: boolean): void {
    this.pumping = true;
    this.sequence += 1;
    const { readers } = this;
    const given = owned && readers.length === 1;
    const bytes = chunk.length;
    const outer = enterSource(this.flow.source);
    try {
      for (const { subscriber, borrows } of readers) {
        this.current = given || borrows ? chunk : copyOf(chunk);
        subscriber.next(this.current);
      }
    } finally {
      leaveSource(outer);
      this.current = undefined;
      this.pumping = false;
      this.flow.emitted(bytes);
    }
  }

  private deliverEnd(): void {
    if (this.ending === undefined || this.ended) return;
    const { readers } = this;
    // With nobody to have it, bytes that wait keep the ending for the next reader.
    if (readers.length === 0 && this.queue.length > 0) return;
    this.ended = true;
    for (const { subscriber } of readers) this.finish(subscriber);
    this.owner.inputEnded();
  }

  private finish(subscriber: BorrowingSubscriber): void {
    const error = this.ending?.error;
    if (error === undefined) subscriber.complete();
    else subscriber.error(error);
  }
}
