import type { Unsubscribable } from 'rxjs';
import { SubscriberContext } from '../common/SubscriberContext';
import type { BorrowingSubscriber } from '../common/borrow';
import { copyOf } from '../common/bytes';
import {
  type Holdable,
  type Release,
  Source,
  type SourceActions,
  currentSubscribing,
  enterSource,
  leaveSource,
} from '../flow/Source';
import type { Watermarks } from '../flow/Watermarks';
import { laterTurn } from '../flow/laterTurn';
import type { ConnectionObserver } from './ConnectionObserver';
import type { Transport } from './Transport';

/** What {@link Input} asks of its connection. */
export interface InputOwner {
  readonly observer: ConnectionObserver | undefined;
  /** A hold has come or gone. */
  onHoldsChanged(): void;
  /** The ending has been delivered, or there was nobody to have it. */
  onInputEnded(): void;
  /** Something that derives from the input is under way until it is released. */
  keepOpen(): Release;
}

/**
 * One subscription to the input, and the current source of what it is given: what is held because
 * of its values is released when it is unsubscribed. It is also the context of its subscriber.
 */
class Reader extends SubscriberContext implements Holdable, Unsubscribable {
  private releases: Set<Release> | undefined;
  private state: 'subscribed' | 'unsubscribed' = 'subscribed';

  constructor(
    private readonly input: Input,
    readonly subscriber: BorrowingSubscriber,
    /** It reads chunks in place; all others get a chunk of their own. */
    readonly borrows: boolean,
    /** The number of the last chunk that it has not had. */
    readonly since: number,
  ) {
    super();
  }

  get held(): boolean {
    return this.input.source.held;
  }

  hold(cause: unknown): Release {
    return this.input.source.hold(cause);
  }

  holdWhileSubscribed(cause: unknown, whenUnsubscribed: () => void): Release {
    if (this.state === 'unsubscribed') return () => undefined;
    const release = this.hold(cause);
    const releases = (this.releases ??= new Set());
    const atEnd = (): void => {
      release();
      whenUnsubscribed();
    };
    releases.add(atEnd);
    return () => {
      releases.delete(atEnd);
      release();
    };
  }

  postpone(work: () => void): () => void {
    return this.input.source.postpone(() => {
      this.runInAsyncScope(work);
    }, this);
  }

  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.input.giveBackOf(value);
  }

  keepOpen(): Release {
    return this.input.owner.keepOpen();
  }

  unsubscribe(): void {
    this.state = 'unsubscribed';
    this.input.remove(this);
    for (const release of this.releases ?? []) release();
  }
}

/** Of every input that has none: an array of its own costs 32 bytes. */
const NO_READERS: readonly Reader[] = [];

/** Chunks that a resumed input emits before other work has a turn. */
const BURST_CHUNKS = 64;

/**
 * The reading half of a connection: who reads, when the transport reads and with how much credit,
 * what waits, and how it ends.
 *
 * The transport reads while there is a subscriber and nobody holds (demand). It counts credit and
 * nothing else: it reads while fewer than `read.high` bytes are posted and not yet credited, so the
 * low mark is kept here, by when credit is given.
 *
 * Received bytes are borrowed: the transport uses their memory again. What waits is copied, and
 * what is emitted is the subscriber's own.
 */
export class Input implements SourceActions {
  readonly source: Source;
  private readers = NO_READERS;
  /** Copies, that nobody else has. */
  private queue: Buffer[] | undefined;
  private sequence = 0;
  /** What the reader whose turn it is has been given. */
  private current: Buffer | undefined;
  private pumping = false;
  private reading = false;
  private arrivedBytes = 0;
  private emittedBytes = 0;
  private creditedBytes = 0;
  /** Ending: the peer's side has ended, and bytes of it may still wait. */
  private state: 'open' | 'ending' | 'ended' = 'open';
  private error: unknown;
  private aborted = false;

  constructor(
    private transport: Transport,
    private readMarks: Watermarks,
    /** For {@link Reader}. */
    readonly owner: InputOwner,
  ) {
    this.source = new Source(this);
  }

  get isRead(): boolean {
    return this.readers.length > 0;
  }

  /** The ending has been delivered, and nothing waits. */
  get ended(): boolean {
    return this.state === 'ended';
  }

  /** A chunk is being emitted, and counts as one that waits. */
  get emits(): boolean {
    return this.pumping;
  }

  /** The peer has ended, and everything that it has sent has been emitted. */
  get whole(): boolean {
    return this.ended && this.error === undefined && !this.aborted;
  }

  /** Ended from this side, whatever was still to come. */
  get cut(): boolean {
    return this.aborted;
  }

  /** Bytes that have arrived and have not been emitted. */
  get waitingBytes(): number {
    return this.arrivedBytes - this.emittedBytes;
  }

  /** Bytes that have arrived, in all. */
  get receivedBytes(): number {
    return this.arrivedBytes;
  }

  get marks(): Watermarks {
    return this.readMarks;
  }

  set marks(marks: Watermarks) {
    if (marks.high !== this.readMarks.high) this.transport.readHigh(marks.high);
    this.readMarks = marks;
    this.giveCredit();
  }

  subscribe(subscriber: BorrowingSubscriber, borrows = false): void {
    for (let sink = currentSubscribing(); sink !== undefined; sink = sink.outer) {
      sink.onFedBy?.(this);
    }
    const onGone = this.owner.observer?.onSubscribed?.();
    if (onGone !== undefined) subscriber.add(onGone);
    if (this.ended) {
      this.finish(subscriber);
      return;
    }
    const reader = new Reader(this, subscriber, borrows, this.sequence);
    // Not by spreading: that makes room for 17.
    this.readers = this.readers.length === 0 ? [reader] : this.readers.concat(reader);
    this.updateReading();
    subscriber.add(reader);
    this.goOnLater();
  }

  /** For {@link Reader}. */
  remove(reader: Reader): void {
    this.readers = this.readers.filter((other) => other !== reader);
    this.updateReading();
  }

  /** @param chunk - valid during the call only */
  receive(chunk: Buffer): void {
    // Ended from this side, while the chunk was under way.
    if (this.ended) return;
    this.arrivedBytes += chunk.length;
    if (this.queued > 0 || this.pumping || !this.emitting) {
      (this.queue ??= []).push(copyOf(chunk));
      return;
    }
    this.emit(chunk, false);
    if (this.queued > 0 || this.state === 'ending') this.pump();
  }

  /** Everything that has come was the last transport's, and it has all of its credit back. */
  moveTo(transport: Transport): void {
    this.transport.credit(this.arrivedBytes - this.creditedBytes);
    this.creditedBytes = this.arrivedBytes;
    this.transport = transport;
    transport.read(this.reading);
  }

  /** Takes what waits out of the input, as if it had never come. Nobody has its credit. */
  takeWaiting(): Buffer {
    const bytes = Buffer.concat(this.queue ?? []);
    this.queue = undefined;
    this.arrivedBytes -= bytes.length;
    this.creditedBytes = Math.min(this.creditedBytes, this.arrivedBytes);
    return bytes;
  }

  /** The peer's side has ended. Ends this side when nothing is left to emit. */
  end(error: unknown): void {
    if (!this.beginEnding(error)) return;
    this.pump();
  }

  /** Ends now; what waits is lost. */
  abort(error: unknown): void {
    if (this.state !== 'ended') this.aborted = true;
    this.queue = undefined;
    this.beginEnding(error);
    this.deliverEnd();
  }

  /**
   * Puts bytes back in front, for the next reader.
   *
   * @returns false if others have had them already, or the input has ended
   */
  unread(bytes: Uint8Array): boolean {
    return this.giveBack(bytes, this.sequence, 1);
  }

  /** For {@link Input.source}. */
  pause(): void {
    this.updateReading();
  }

  /** For {@link Input.source}. */
  resume(): void {
    this.updateReading();
    this.pump();
  }

  /** For {@link Input.source}. */
  defer(task: () => void): void {
    laterTurn(task);
  }

  /** For {@link Input.source}. */
  holdsChanged(): void {
    this.owner.onHoldsChanged();
  }

  /** A way back for the rest of a chunk, if `value` is the chunk that is being emitted. */
  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    if (value !== this.current) return undefined;
    const { sequence } = this;
    return (rest) => {
      this.giveBack(rest, sequence, 0);
    };
  }

  /** True while values may be emitted at once: demand, no hold, nothing older that waits. */
  private get emitting(): boolean {
    return this.readers.length > 0 && !this.source.waiting;
  }

  private get queued(): number {
    return this.queue?.length ?? 0;
  }

  /** @returns false if it has ended already */
  private beginEnding(error: unknown): boolean {
    if (this.state !== 'open') return false;
    this.state = 'ending';
    this.error = error;
    this.updateReading();
    return true;
  }

  private updateReading(): void {
    const wanted = this.readers.length > 0 && !this.source.held && this.state === 'open';
    if (wanted === this.reading) return;
    this.reading = wanted;
    this.owner.observer?.onDemand(wanted);
    this.transport.read(wanted);
  }

  /**
   * Credit goes in batches of the distance between the marks, so that it costs one record for
   * many chunks. That starves no reactor: one that has stopped has at least `high` bytes
   * outstanding, so as much is owed as soon as no more than `low` of them wait.
   */
  private giveCredit(): void {
    const owed = this.emittedBytes - this.creditedBytes;
    if (owed <= 0 || owed < this.readMarks.high - this.readMarks.low) return;
    this.creditedBytes += owed;
    this.transport.credit(owed);
  }

  /** Emits what waits, as far as it may. */
  private pump(): void {
    if (this.pumping) return;
    for (let burst = BURST_CHUNKS; this.queued > 0 && this.emitting; burst -= 1) {
      if (burst === 0) {
        this.source.resumeLater();
        return;
      }
      this.emit(this.queue?.shift() as Buffer, true);
    }
    if (this.queued === 0 && !this.source.hasPostponed) this.deliverEnd();
  }

  /** @param most - this many readers may have had the bytes: the one that gives them back, or none */
  private giveBack(bytes: Uint8Array, sequence: number, most: number): boolean {
    if (bytes.length === 0) return true;
    if (this.ended || this.readers.filter(({ since }) => since < sequence).length > most) {
      return false;
    }
    (this.queue ??= []).unshift(copyOf(bytes));
    this.emittedBytes -= bytes.length;
    this.owner.observer?.onGivenBack?.(bytes.length);
    this.goOnLater();
    return true;
  }

  private goOnLater(): void {
    if (this.pumping || this.readers.length === 0) return;
    if (this.queued > 0 || this.state === 'ending') this.source.resumeLater();
  }

  /** @param owned - the chunk is a copy already, which may be given away */
  private emit(chunk: Buffer, owned: boolean): void {
    this.pumping = true;
    this.sequence += 1;
    const { readers } = this;
    const given = owned && readers.length === 1;
    const bytes = chunk.length;
    this.owner.observer?.onEmit?.(chunk);
    const outer = enterSource(undefined);
    try {
      for (const reader of readers) {
        this.current = given || reader.borrows ? chunk : copyOf(chunk);
        enterSource(reader);
        reader.callNext(reader.subscriber, this.current);
      }
    } finally {
      leaveSource(outer);
      this.current = undefined;
      this.pumping = false;
      this.emittedBytes += bytes;
      this.giveCredit();
    }
  }

  private deliverEnd(): void {
    if (this.state !== 'ending') return;
    const { readers } = this;
    // With nobody to have it, bytes that wait keep the ending for the next reader.
    if (readers.length === 0 && this.queued > 0) return;
    this.state = 'ended';
    for (const reader of readers) {
      reader.runInAsyncScope(() => {
        this.finish(reader.subscriber);
      });
    }
    this.owner.onInputEnded();
  }

  private finish(subscriber: BorrowingSubscriber): void {
    if (this.error === undefined) subscriber.complete();
    else subscriber.error(this.error);
  }
}
