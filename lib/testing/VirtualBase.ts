import type { Observable, SchedulerLike } from 'rxjs';
import { EventScheduler } from '../events/EventScheduler';
import { type TimerConfig, timerOptions } from '../events/TimerConfig';
import { timer } from '../events/timer';
import type { VirtualReactor } from './VirtualReactor';
import { VirtualTimers } from './VirtualTimers';

/** As `EventBase` has by default. */
const PRIORITIES = 3;

/**
 * The clock of an `EventBase` in virtual time, for pipelines that are given their base: the same
 * scheduler and the same timers, on frames instead of `evtimer`s.
 */
export class VirtualBase {
  /** `base.scheduler`'s twin: `debounceTime(0.5, base.scheduler)`. */
  readonly scheduler: SchedulerLike;
  private readonly timers: VirtualTimers;

  /** @internal Comes with the helpers of `marbles`. */
  constructor(reactor: VirtualReactor) {
    this.timers = new VirtualTimers(reactor);
    this.scheduler = new EventScheduler(this.timers);
  }

  /** `base.timer()`'s twin. A date counts from the epoch, which is frame 0. */
  timer(dueMs: number | Date, periodMs?: number, config: TimerConfig = {}): Observable<number> {
    const due = dueMs instanceof Date ? Math.max(0, dueMs.getTime() - this.timers.now()) : dueMs;
    return timer(this.timers, timerOptions(due, periodMs, config, PRIORITIES));
  }
}
