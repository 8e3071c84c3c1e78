import { type Observer, type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { SubscriberContext } from '../common/SubscriberContext';
import { MAX_BURST } from '../flow/Emitter';
import { laterTurn } from '../flow/laterTurn';
import { ActionHeap, type HeapEntry } from './ActionHeap';
import { LONGEST_MS } from './TimerConfig';
import type { TimerHandle, Timers } from './Timers';

/** What a scheduler runs; `this` may schedule itself again. */
export type SchedulerWork<T> = (this: SchedulerAction<T>, state?: T) => void;

/**
 * RxJS's `asyncScheduler` on libevent's timers: `debounceTime(0.25, base.scheduler)`.
 *
 * "Later, to the microsecond."
 *
 * Delays may have fractions. Actions run in the order of their due times, and of their scheduling
 * where those are equal; never inside the call that schedules them. Only the next one that is due
 * has a timer of the base: the others wait here. An action that throws ends, and so do those that
 * were to run in the same turn; the error is thrown where nobody can catch it, as RxJS does.
 *
 * When the base is closed, what waits will not run: what depends on it completes, as subscribers of
 * `base.timer()` do, or has the error that the base has failed with. What is scheduled afterwards
 * fails with `ERR_BASE_CLOSED`. An action that no operator has scheduled is unsubscribed.
 *
 * @see event2/event.h `evtimer_add()`
 */
export class EventScheduler implements SchedulerLike {
  private readonly heap = new ActionHeap<EventAction<unknown>>();
  private scheduled = 0;
  private timer: TimerHandle | undefined;
  private timerDueMs = Infinity;
  private running = false;

  /** @internal A scheduler comes from `base.scheduler`. */
  constructor(private readonly timers: Timers) {}

  /** Milliseconds since the epoch, with fractions; never goes back. */
  now(): number {
    return this.timers.now();
  }

  /**
   * @param work - runs later, with the action as `this`: `this.schedule(state, delayMs)` repeats it
   * @param delayMs - default 0; less, and what is no number, counts as 0
   * @param state - passed to `work`
   * @returns takes the action back
   */
  schedule<T>(work: SchedulerWork<T>, delayMs = 0, state?: T): Subscription {
    return new EventAction<T>(this, work).schedule(state, delayMs);
  }

  /** @internal */
  add(action: EventAction<unknown>, delayMs: number): void {
    const delay = delayMs > 0 ? Math.min(delayMs, LONGEST_MS) : 0;
    this.heap.remove(action);
    const { refusal } = this.timers;
    if (refusal !== undefined) {
      // Later, since the caller has still to add the action to its subscription.
      laterTurn(() => {
        action.end(action.hasRun ? undefined : refusal);
      });
      return;
    }
    action.dueMs = this.now() + delay;
    action.order = this.scheduled++;
    this.heap.add(action);
    this.arm();
  }

  /** @internal */
  remove(action: EventAction<unknown>): void {
    this.heap.remove(action);
    if (this.heap.size === 0) this.disarm();
  }

  /** A timer that is due too early is kept: to let it fire costs less than to replace it. */
  private arm(): void {
    const { first } = this.heap;
    if (this.running || first === undefined || this.timerDueMs <= first.dueMs) return;
    this.disarm();
    if (this.timers.refusal !== undefined) {
      this.endAll(undefined);
      return;
    }
    const spec = {
      dueMs: Math.max(0, first.dueMs - this.now()),
      periodMs: undefined,
      common: false,
      priority: undefined,
    };
    try {
      this.timer = this.timers.start(spec, {
        onFired: () => {
          this.timer = undefined;
          this.timerDueMs = Infinity;
          this.flush();
        },
        onEnded: (error) => {
          this.timer = undefined;
          this.timerDueMs = Infinity;
          this.endAll(error);
        },
      });
      this.timerDueMs = first.dueMs;
    } catch (error) {
      laterTurn(() => {
        this.endAll(error as LibeventError);
      });
    }
  }

  /** Nothing runs any more. */
  private endAll(error: LibeventError | undefined): void {
    const actions: EventAction<unknown>[] = [];
    for (let { first } = this.heap; first !== undefined; { first } = this.heap) {
      this.heap.remove(first);
      actions.push(first);
    }
    // A subscriber that is ended may schedule again: that is another matter.
    for (const action of actions) action.end(error);
  }

  private disarm(): void {
    this.timer?.stop();
    this.timer = undefined;
    this.timerDueMs = Infinity;
  }

  private flush(): void {
    const now = this.now();
    const due: EventAction<unknown>[] = [];
    while (due.length < MAX_BURST) {
      const { first } = this.heap;
      if (first === undefined || first.dueMs > now) break;
      this.heap.remove(first);
      due.push(first);
    }
    this.running = true;
    for (let index = 0; index < due.length; index += 1) {
      const failed = due[index]?.run();
      if (failed === undefined) continue;
      for (const other of due.slice(index + 1)) other.unsubscribe();
      setImmediate(() => {
        throw failed.error;
      });
      break;
    }
    this.running = false;
    if (this.heap.size === 0) this.disarm();
    else this.arm();
  }
}

/** Some work of a scheduler, that may schedule itself again. */
class EventAction<T> extends Subscription implements SchedulerAction<T>, HeapEntry {
  dueMs = 0;
  order = 0;
  index = -1;
  /** It repeats itself, if it is scheduled again. */
  hasRun = false;
  private state: T | undefined;
  private pending = false;
  private readonly context = new SubscriberContext();

  constructor(
    private readonly scheduler: EventScheduler,
    private readonly work: SchedulerWork<T>,
  ) {
    super();
  }

  schedule(state?: T, delayMs = 0): Subscription {
    if (this.closed) return this;
    this.state = state;
    this.pending = true;
    this.scheduler.add(this as EventAction<unknown>, delayMs);
    return this;
  }

  /** Returns what the work has thrown. */
  run(): { readonly error: unknown } | undefined {
    // Another action may have put this one off meanwhile.
    if (!this.pending || this.index >= 0) return undefined;
    this.pending = false;
    this.hasRun = true;
    try {
      this.context.runInAsyncScope(this.work, this, this.state);
      return undefined;
    } catch (error) {
      this.unsubscribe();
      return { error };
    }
  }

  /** The work will not run: ends the subscriber that waits for it. */
  end(error: LibeventError | undefined): void {
    const waiting = subscriberOf(this);
    this.unsubscribe();
    if (waiting === undefined) return;
    if (error === undefined) this.context.callComplete(waiting);
    else this.context.callError(waiting, error);
  }

  override unsubscribe(): void {
    if (this.closed) return;
    this.pending = false;
    this.state = undefined;
    this.scheduler.remove(this as EventAction<unknown>);
    super.unsubscribe();
  }
}

/** RxJS's own field: one subscription, several or none that this one has been added to. */
interface Parented {
  readonly _parentage?: Subscription[] | Subscription | null;
}

/**
 * Who waits for a subscription: the subscriber that it has been added to, by way of other
 * subscriptions or at once. RxJS gives a scheduler nobody else to report to.
 */
function subscriberOf(subscription: Subscription): Observer<unknown> | undefined {
  const { _parentage: parents } = subscription as unknown as Parented;
  for (const parent of Array.isArray(parents) ? parents : [parents]) {
    if (parent === undefined || parent === null) continue;
    // Not by `instanceof`: there may be two copies of RxJS.
    if ('error' in parent) return parent as unknown as Observer<unknown>;
    const found = subscriberOf(parent);
    if (found !== undefined) return found;
  }
  return undefined;
}
