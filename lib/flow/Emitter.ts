import { SubscriberContext } from '../common/SubscriberContext';
import { Queue } from './Queue';
import { Source, type SourceActions } from './Source';
import { laterTurn } from './laterTurn';

/**
 * Values emitted in one turn. RxJS's own `concatMap` overflows the stack when it is given about
 * 850 synchronous inners at once.
 */
export const MAX_BURST = 256;

/**
 * Emits values in order: at once, or, while its source is held, in a later turn. The ending comes
 * behind the last value that waits.
 *
 * It is made by a subscription, and what it emits later is emitted in the subscriber's context.
 */
export abstract class Emitter<T> implements SourceActions {
  readonly source = new Source(this);
  readonly context = new SubscriberContext();
  private readonly queue = new Queue<T>();
  private ending: (() => void) | undefined;
  private state: 'open' | 'ended' | 'closed' = 'open';

  /** @param burst - values that are emitted before other work has a turn */
  constructor(private readonly burst = MAX_BURST) {}

  protected abstract emit(value: T): void;
  /** Somebody holds: as little as possible should come. May be called more than once. */
  protected abstract onHeld(): void;
  /** Nobody holds, and nothing waits any more: more may come. */
  protected abstract onFree(): void;

  /** A value has left the queue. */
  protected onTaken(): void {
    // Only a bounded queue looks at its length.
  }

  /** True while a new value would have to wait. */
  get busy(): boolean {
    return this.source.waiting || this.queue.length > 0;
  }

  /** Values that wait. */
  get length(): number {
    return this.queue.length;
  }

  /** Emits a value, at once if it may. */
  protected take(value: T): void {
    if (this.busy) this.queue.push(value);
    else this.emit(value);
  }

  /** Keeps a value for later. */
  protected keep(value: T): void {
    this.queue.push(value);
  }

  /** Ends behind what waits, once. */
  protected end(ending: () => void): void {
    if (this.state !== 'open') return;
    this.state = 'ended';
    this.ending = ending;
    if (!this.busy) ending();
  }

  /** Emits nothing more, and gives what waited, oldest first. */
  close(): T[] {
    this.state = 'closed';
    return this.queue.clear();
  }

  /** For {@link Emitter.source}. */
  pause(): void {
    if (this.state !== 'closed') this.onHeld();
  }

  /** For {@link Emitter.source}. */
  resume(): void {
    for (let left = this.burst; !this.source.waiting; left -= 1) {
      const value = left > 0 ? this.queue.shift() : undefined;
      if (value === undefined) break;
      this.onTaken();
      this.emit(value);
    }
    if (this.isClosed() || this.source.waiting) return;
    if (this.queue.length > 0) this.source.resumeLater();
    else if (this.ending !== undefined) this.ending();
    else this.onFree();
  }

  /** For {@link Emitter.source}. */
  defer(task: () => void): void {
    this.schedule(() => {
      this.context.runInAsyncScope(task);
    });
  }

  /** Runs a task in a later turn. */
  protected schedule(task: () => void): void {
    laterTurn(task);
  }

  private isClosed(): boolean {
    return this.state === 'closed';
  }
}
