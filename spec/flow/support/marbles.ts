import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { useTurns } from '../../../lib/flow/laterTurn';

/** Runs a marble test with the stock TestScheduler; later turns are in virtual time too. */
export function marbles(test: (helpers: RunHelpers & { scheduler: TestScheduler }) => void): void {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
  const restore = useTurns((turn) => scheduler.schedule(turn));
  try {
    scheduler.run((helpers) => {
      test({ ...helpers, scheduler });
    });
  } finally {
    restore();
  }
}
