import type { Release } from './Release';
import { Saturation } from './Saturation';
import { Source, type SourceActions } from './Source';
import type { Watermarks } from './Watermarks';

/** What {@link Flow} decides, carried out by its owner. */
export interface FlowEffects extends Omit<SourceActions, 'pause'> {
  /** Start or stop reading. Strictly alternating, beginning with true. */
  read(on: boolean): void;
  /** So many more bytes have been emitted: the reactor may post as many again. */
  credit(bytes: number): void;
  /** Output has risen above the high mark. Alternates with {@link FlowEffects.drained}. */
  saturated(): void;
  /** Output has fallen to the low mark. */
  drained(): void;
}

/** Marks of both directions, in bytes. */
export interface FlowMarks {
  readonly read: Watermarks;
  readonly write: Watermarks;
}

/**
 * Decides when a connection reads, how much credit it gives and when it is saturated. A pure
 * state machine: no I/O, no timers, no native code; everything it wants is an effect.
 *
 * Reading needs a subscriber and no hold (demand). The reactor counts credit and nothing else: it
 * reads while fewer than `read.high` bytes are posted and not yet credited, so the low mark is kept
 * here, by when credit is given. Holds are counted by cause in {@link Flow.source}.
 */
export class Flow implements SourceActions {
  readonly source: Source;
  private readonly saturation: Saturation;
  private readMarks: Watermarks;
  private subscribers = 0;
  private reading = false;
  private ended = false;
  private arrivedBytes = 0;
  private emittedBytes = 0;
  private creditedBytes = 0;

  constructor(
    private readonly effects: FlowEffects,
    marks: FlowMarks,
  ) {
    this.readMarks = marks.read;
    this.saturation = new Saturation(marks.write);
    this.source = new Source(this);
  }

  /** True while values may be emitted at once: demand, no hold, nothing older that waits. */
  get emitting(): boolean {
    return this.subscribers > 0 && !this.source.waiting;
  }

  get saturated(): boolean {
    return this.saturation.saturated;
  }

  get writeHigh(): number {
    return this.saturation.high;
  }

  get writeLow(): number {
    return this.saturation.low;
  }

  get marks(): FlowMarks {
    return {
      read: this.readMarks,
      write: { low: this.saturation.low, high: this.saturation.high },
    };
  }

  /** Bytes that have arrived and have not been emitted. */
  get waitingBytes(): number {
    return this.arrivedBytes - this.emittedBytes;
  }

  hold(cause: unknown): Release {
    return this.source.hold(cause);
  }

  /** For {@link Flow.source}. */
  pause(): void {
    this.updateReading();
  }

  /** For {@link Flow.source}. */
  resume(): void {
    this.updateReading();
    this.effects.resume();
  }

  /** For {@link Flow.source}. */
  defer(task: () => void): void {
    this.effects.defer(task);
  }

  /** For {@link Flow.source}. */
  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.effects.giveBackOf?.(value);
  }

  subscribe(): void {
    this.subscribers += 1;
    this.updateReading();
  }

  unsubscribe(): void {
    this.subscribers -= 1;
    this.updateReading();
  }

  /** The peer's side has ended: there is nothing left to read. */
  end(): void {
    this.ended = true;
    this.updateReading();
  }

  arrived(bytes: number): void {
    this.arrivedBytes += bytes;
  }

  emitted(bytes: number): void {
    this.emittedBytes += bytes;
    this.giveCredit();
  }

  /** Bytes that were emitted have come back unused. */
  returned(bytes: number): void {
    this.emittedBytes -= bytes;
  }

  /** Output has grown or shrunk to `outputBytes`. */
  output(outputBytes: number): void {
    const change = this.saturation.evaluate(outputBytes);
    if (change === 'saturated') this.effects.saturated();
    else if (change === 'drained') this.effects.drained();
  }

  setMarks(marks: FlowMarks, outputBytes: number): void {
    this.readMarks = marks.read;
    this.saturation.setMarks(marks.write);
    this.output(outputBytes);
    this.giveCredit();
  }

  private updateReading(): void {
    const wanted = this.subscribers > 0 && !this.source.held && !this.ended;
    if (wanted === this.reading) return;
    this.reading = wanted;
    this.effects.read(wanted);
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
    this.effects.credit(owed);
  }
}
