import type { Subscriber } from 'rxjs';
import { Emitter } from './Emitter';
import { type Holdable, type Release, currentSource, enterSource, leaveSource } from './Source';

/** What a {@link HeldOutput} asks of the operator it belongs to. */
export interface HeldOutputActions {
  /** Somebody downstream holds: as little as possible should come. May be called more than once. */
  held(): void;
  /** Everything that waited has been emitted: more may come. */
  free(): void;
  /** A value has left the queue. */
  taken?(): void;
  /** Runs a task in a later turn. Default: `laterTurn`. */
  defer?(task: () => void): void;
  /** See {@link Holdable.keepOpen}: of where the values have come from. */
  keepOpen?(): Release | undefined;
}

type WayBack = Pick<Holdable, 'giveBackOf'>;

/** A value that waits, with the way back to where it came from. */
export interface WaitingValue<T> extends WayBack {
  readonly value: T;
}

/**
 * The emitting end of a held operator: its own source is the current one of what it emits. Values
 * that come while it must be silent wait in order, and so does the ending behind them.
 */
export class HeldOutput<T> extends Emitter<WaitingValue<T>> {
  private origin: WayBack | undefined;

  constructor(
    private readonly destination: Subscriber<T>,
    private readonly actions: HeldOutputActions,
  ) {
    super();
  }

  next(value: T): void {
    const from = currentSource();
    if (!this.busy) {
      this.pass(value, from === this.source ? this.origin : from);
      return;
    }
    const giveBack = from?.giveBackOf?.(value);
    this.keep({ value, giveBackOf: (same) => (same === value ? giveBack : undefined) });
  }

  error(error: unknown): void {
    this.end(() => {
      this.destination.error(error);
    });
  }

  complete(): void {
    this.end(() => {
      this.destination.complete();
    });
  }

  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.origin?.giveBackOf?.(value);
  }

  keepOpen(): Release | undefined {
    return this.actions.keepOpen?.();
  }

  protected override schedule(task: () => void): void {
    if (this.actions.defer === undefined) super.schedule(task);
    else this.actions.defer(task);
  }

  protected override emit(waiting: WaitingValue<T>): void {
    this.pass(waiting.value, waiting);
  }

  protected override onHeld(): void {
    this.actions.held();
  }

  protected override onFree(): void {
    this.actions.free();
  }

  protected override onTaken(): void {
    this.actions.taken?.();
  }

  private pass(value: T, origin: WayBack | undefined): void {
    const outer = enterSource(this.source);
    const outerOrigin = this.origin;
    this.origin = origin;
    try {
      this.destination.next(value);
    } finally {
      this.origin = outerOrigin;
      leaveSource(outer);
    }
  }
}
