import type { TestScheduler } from 'rxjs/testing';
import { MarbleError } from './MarbleError';
import { watchSteps } from './watchSteps';

const MOST_STEPS = 1_000_000;

/**
 * Ends a test whose virtual time has no end, an `interval` that nobody unsubscribes from. It would
 * run for ever, and no framework's timeout can stop what is synchronous.
 *
 * Steps are counted and not frames, since a test may well wait for a day.
 */
export function limitSteps(scheduler: TestScheduler): void {
  watchSteps(scheduler, (steps, frame) => {
    if (steps <= MOST_STEPS) return;
    throw new MarbleError(
      `virtual time does not end: ${String(MOST_STEPS)} steps have been done and it is frame ` +
        `${String(frame)}; unsubscribe from what repeats, as take() or expectObservable(…, '^ 1s !') does`,
    );
  });
}
