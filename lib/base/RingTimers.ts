import { performance } from 'node:perf_hooks';
import type { TimerHandle, TimerHandler, TimerSpec, Timers } from '../events/Timers';
import type { Reactor } from './Reactor';
import { RingTimer } from './RingTimer';
import { closedBaseError } from './closedBaseError';

/** The timers of a reactor. */
export class RingTimers implements Timers {
  constructor(private readonly reactor: Reactor) {}

  now(): number {
    return performance.timeOrigin + performance.now();
  }

  start(spec: TimerSpec, handler: TimerHandler): TimerHandle {
    if (this.reactor.ending) throw closedBaseError('event_add');
    return new RingTimer(this.reactor, spec, handler);
  }
}
