import type { Subscriber } from 'rxjs';
import { Emitter } from '../flow/Emitter';
import { enterSource, leaveSource } from '../flow/Source';

/** Values that are read before other work has a turn. */
const BURST = 64;

/** One subscription to a stream: pulls while nobody holds, and is the current source of what it emits. */
export abstract class StreamReading<T> extends Emitter<T> {
  private pulls = BURST;
  /** The value that is being emitted. */
  protected current: T | undefined;

  constructor(protected readonly subscriber: Subscriber<T>) {
    super(BURST);
  }

  /** Reads on, as far as it may. */
  protected abstract pull(): void;

  /** @returns false where other work must have a turn first; the next pull comes by itself */
  protected mayPull(): boolean {
    if (this.busy || this.subscriber.closed) return false;
    this.pulls -= 1;
    if (this.pulls >= 0) return true;
    this.source.resumeLater();
    return false;
  }

  protected fail(error: unknown): void {
    this.end(() => {
      this.subscriber.error(error);
    });
  }

  protected complete(): void {
    this.end(() => {
      this.subscriber.complete();
    });
  }

  protected override emit(value: T): void {
    const outer = enterSource(this.source);
    this.current = value;
    try {
      this.subscriber.next(value);
    } finally {
      this.current = undefined;
      leaveSource(outer);
    }
  }

  protected override onHeld(): void {
    // Nothing is pulled while it is held.
  }

  protected override onFree(): void {
    this.pulls = BURST;
    this.pull();
  }
}
