import { LibeventError } from '../common/LibeventError';
import type { TimerHandle, TimerHandler, TimerSpec } from '../events/Timers';
import { laterTurn } from '../flow/laterTurn';
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
  id = 0;
  unreferenced = false;
  private readonly periodic: boolean;
  private ended = false;
  /** Points of the grid that have been emitted, modulo 2^32. */
  private passed = 0;

  constructor(
    private readonly reactor: Reactor,
    { dueMs, periodMs, common, ref, priority }: TimerSpec,
    private readonly handler: TimerHandler,
  ) {
    if (ref === false) this.unreferenced = true;
    reactor.open(this);
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
      if (this.periodic) {
        this.emit();
        this.lookAgain();
      } else {
        // What fires once goes by itself.
        this.ended = true;
        this.handler.onFired(1);
      }
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

  /** Emits the latest of the expirations, which may have come after the record. */
  private emit(): void {
    const passed = this.reactor.sentOf(this.id);
    const expirations = (passed - this.passed) >>> 0;
    if (expirations === 0) return;
    this.passed = passed;
    this.handler.onFired(expirations);
  }

  /**
   * Until a record has been freed the reactor posts no other, however long this thread is busy. So
   * what has expired meanwhile is looked for once it has.
   */
  private lookAgain(): void {
    queueMicrotask(() => {
      if (this.ended || this.reactor.sentOf(this.id) === this.passed) return;
      laterTurn(() => {
        if (!this.ended && !this.reactor.paused) this.emit();
      });
    });
  }
}
