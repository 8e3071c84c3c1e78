import type { TestScheduler } from 'rxjs/testing';
import { MarbleError } from './MarbleError';

const MOST_STEPS = 1_000_000;

/**
 * Ends a test whose virtual time has no end, an `interval` that nobody unsubscribes from. It would
 * run for ever, and no framework's timeout can stop what is synchronous.
 *
 * Steps are counted and not frames, since a test may well wait for a day: the scheduler sets its
 * frame once for every step.
 */
export function limitSteps(scheduler: TestScheduler): void {
  let { frame } = scheduler;
  let steps = 0;
  Object.defineProperty(scheduler, 'frame', {
    get: () => frame,
    set: (next: number) => {
      frame = next;
      steps += 1;
      if (steps <= MOST_STEPS) return;
      throw new MarbleError(
        `virtual time does not end: ${String(MOST_STEPS)} steps have been done and it is frame ` +
          `${String(frame)}; unsubscribe from what repeats, as take() or expectObservable(…, '^ 1s !') does`,
      );
    },
  });
}
