import type { TimerHandle, TimerHandler, TimerSpec, Timers } from '../events/Timers';
import type { VirtualReactor } from './VirtualReactor';

/** The timers of a base in virtual time: never late, so no expiration is ever missed. */
export class VirtualTimers implements Timers {
  readonly refusal = undefined;

  constructor(private readonly reactor: VirtualReactor) {}

  now(): number {
    return this.reactor.now();
  }

  start({ dueMs, periodMs }: TimerSpec, handler: TimerHandler): TimerHandle {
    this.reactor.checkRunning('a timer of the base was started');
    const fire = (): void => {
      if (periodMs !== undefined) timer = this.reactor.after(periodMs, fire);
      handler.onFired(1);
    };
    let timer = this.reactor.after(dueMs, fire);
    return {
      stop: () => {
        timer.unsubscribe();
      },
    };
  }
}
