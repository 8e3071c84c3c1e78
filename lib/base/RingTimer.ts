import { LibeventError } from '../common/LibeventError';
import type { TimerHandle, TimerHandler, TimerSpec } from '../events/Timers';
import { native } from '../native';
import type { CompletionHandler } from './CompletionHandler';
import type { Reactor } from './Reactor';
import { failedCallName } from './failedCallName';
import { monotonicUs } from './monotonicUs';
import { priorityBits } from './priorityBits';

const { completion, submission, closeMode, timerFlag } = native.layout;
const { fired: FIRED, failed: FAILED } = completion;

/** An `evtimer` of a reactor. */
export class RingTimer implements TimerHandle, CompletionHandler {
  private readonly id: number;
  private readonly periodic: boolean;
  private ended = false;

  constructor(
    private readonly reactor: Reactor,
    { dueMs, periodMs, common, priority }: TimerSpec,
    private readonly handler: TimerHandler,
  ) {
    this.id = reactor.open(this);
    this.periodic = periodMs !== undefined;
    const flags = (this.periodic ? timerFlag.periodic : 0) | (common ? timerFlag.common : 0);
    const due = common ? Math.ceil(dueMs * 1000) : monotonicUs(dueMs);
    reactor.submitNumber(submission.timer, this.id, due, flags | priorityBits(priority));
    if (periodMs !== undefined) {
      reactor.submitNumber(submission.interval, this.id, Math.round(periodMs * 1000));
    }
  }

  stop(): void {
    if (this.ended) return;
    this.ended = true;
    this.reactor.submit(submission.close, this.id, closeMode.drop);
  }

  complete(kind: number, a: number, b: number): void {
    if (this.ended) return;
    if (kind === FIRED) {
      // What fires once goes by itself.
      this.ended = !this.periodic;
      this.handler.onFired(a >>> 0);
    } else if (kind === FAILED) {
      this.ended = true;
      this.handler.onEnded(LibeventError.of(a, failedCallName(b)));
    }
  }

  abandon(error: LibeventError | undefined): void {
    if (this.ended) return;
    this.ended = true;
    this.handler.onEnded(error);
  }
}
