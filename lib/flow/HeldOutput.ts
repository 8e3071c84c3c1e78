import type { Subscriber } from 'rxjs';
import type { Holdable } from './Holdable';
import { Queue } from './Queue';
import { Source } from './Source';
import { currentSource, enterSource, leaveSource } from './currentSource';
import { laterTurn } from './laterTurn';

/** What a {@link HeldOutput} tells and asks the operator it belongs to. */
export interface HeldOutputActions {
  /** Somebody downstream holds: let as little come as possible. May be told more than once. */
  held(): void;
  /** Everything that waited has been emitted: more may come. */
  free(): void;
  /** A value has left the queue. */
  taken?(): void;
  /** Runs a task in a later turn. Default: {@link laterTurn}. */
  defer?(task: () => void): void;
}

type WayBack = Pick<Holdable, 'giveBackOf'>;

/** A value that waits, with the way back to where it came from. */
export interface WaitingValue<T> extends WayBack {
  readonly value: T;
}

/**
 * Values emitted in one turn. RxJS's own `concatMap` overflows the stack when it is given about
 * 850 synchronous inners at once.
 */
export const MAX_BURST = 256;

/**
 * The emitting end of a held operator: its own source is the current one of what it emits. Values
 * that come while it must be silent wait in order, and so does the ending behind them.
 */
export class HeldOutput<T> {
  readonly source: Source;
  private readonly queue = new Queue<WaitingValue<T>>();
  private origin: WayBack | undefined;
  private ending: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly destination: Subscriber<T>,
    private readonly actions: HeldOutputActions,
  ) {
    this.source = new Source({
      pause: () => {
        if (!this.closed) actions.held();
      },
      resume: () => {
        this.resume();
      },
      defer: (task) => {
        if (actions.defer) actions.defer(task);
        else laterTurn(task);
      },
      giveBackOf: (value) => this.origin?.giveBackOf?.(value),
    });
  }

  /** True while a new value would have to wait. */
  get busy(): boolean {
    return this.source.waiting || this.queue.length > 0;
  }

  /** Values that wait. */
  get length(): number {
    return this.queue.length;
  }

  next(value: T): void {
    const from = currentSource();
    if (!this.busy) {
      this.emit(value, from === this.source ? this.origin : from);
      return;
    }
    const giveBack = from?.giveBackOf?.(value);
    this.queue.push({ value, giveBackOf: (same) => (same === value ? giveBack : undefined) });
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

  /** Emits nothing more, and gives what waited, oldest first. */
  close(): WaitingValue<T>[] {
    this.closed = true;
    return this.queue.clear();
  }

  private end(ending: () => void): void {
    if (this.closed || this.ending) return;
    this.ending = ending;
    if (!this.busy) ending();
  }

  private resume(): void {
    for (let left = MAX_BURST; !this.source.waiting; left -= 1) {
      const waiting = left > 0 ? this.queue.shift() : undefined;
      if (waiting === undefined) break;
      this.actions.taken?.();
      this.emit(waiting.value, waiting);
    }
    if (this.closed || this.source.waiting) return;
    if (this.queue.length > 0) this.source.resumeLater();
    else if (this.ending) this.ending();
    else this.actions.free();
  }

  private emit(value: T, origin: WayBack | undefined): void {
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
