import { performance } from 'node:perf_hooks';
import type { LibeventError } from '../common/LibeventError';
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

  get refusal(): LibeventError | undefined {
    return this.reactor.ending ? closedBaseError('event_add') : undefined;
  }

  start(spec: TimerSpec, handler: TimerHandler): TimerHandle {
    const { refusal } = this;
    if (refusal !== undefined) throw refusal;
    return new RingTimer(this.reactor, spec, handler);
  }
}
