import { deepStrictEqual } from 'node:assert';
import { TestScheduler } from 'rxjs/testing';
import { useTurns } from '../flow/laterTurn';
import { Expectations } from './Expectations';
import { type MarbleHelpers, marbleHelpers } from './MarbleHelpers';
import { MarbleError } from './MarbleError';
import { type Rig, checkRunning } from './Rig';
import { VirtualReactor } from './VirtualReactor';
import { RealTimeWatch } from './RealTimeWatch';
import { RxjsExpectations } from './RxjsExpectations';
import type { AssertDeepEqual } from './assertTimelines';
import { checkBody } from './checkBody';
import { checkedAssert } from './checkedAssert';
import { failureOf } from './failureOf';
import { inVirtualTime } from './inVirtualTime';
import { leftovers } from './leftovers';
import { limitSteps } from './limitSteps';
import { sessionFailures } from './sessionFailures';

/**
 * Runs a test of whole connections in virtual time.
 *
 * "Draw what the peer does and what you expect; the pipeline in between is the real one."
 *
 * ```
 * connection    --a--b--|      what the peer sends
 * expectDemand  ^-------!      when the pipeline reads
 * expectOutput  --x--y--|      what the peer gets
 * ```
 *
 * On top of RxJS's own `TestScheduler` in run mode: its helpers are there too, and time operators
 * without a scheduler run in virtual time. `Connection`, `Listener`, flow control and operators are
 * those of the library; only the sockets are virtual. A frame is 1 ms. In a frame, what the test
 * does itself comes first, then what the reactor reports.
 *
 * When virtual time has ended, every expectation is looked at, in order. A test that leaves a
 * connection or a listener held or bytes unread fails, too, unless it expects that; so does one
 * whose virtual time has no end.
 *
 * @param body - the test; synchronous
 * @param assert - what the test's framework compares with, as `(a, b) => expect(a).toEqual(b)`.
 *   Default: `deepStrictEqual` of `node:assert`
 * @throws MarbleError with both timelines, one below the other
 *
 * @example
 * ```ts
 * it('answers every line rotated', () => {
 *   marbles(({ connection, expectOutput, expectDemand, expectClosed }) => {
 *     const conn = connection('--a--b--|', { a: 'Hel', b: 'lo\nWorld\n' });
 *     of(conn).pipe(serve(rot13)).subscribe();
 *     expectDemand(conn).toBe('^-------!');
 *     expectOutput(conn).toBe('-----x--|', { x: 'Uryyb\nJbeyq\n' });
 *     expectClosed(conn).toBe('--------|');
 *   });
 * });
 * ```
 *
 * @see {@link marblesWith}
 */
export function marbles(
  body: (helpers: MarbleHelpers) => unknown,
  assert: AssertDeepEqual = deepStrictEqual,
): void {
  for (const [name, value] of Object.entries({ body, assert })) {
    if (typeof value !== 'function') {
      throw new TypeError(`${name} must be a function, got ${typeof value}`);
    }
  }
  inVirtualTime(
    'marbles',
    (why) => new MarbleError(why),
    () => {
      runTest(body, checkedAssert(assert));
    },
  );
}

function runTest(body: (helpers: MarbleHelpers) => unknown, assert: AssertDeepEqual): void {
  const failures: unknown[] = [];
  const failed = (failure: unknown): void => {
    failures.push(failure);
  };
  const observables = new RxjsExpectations(assert, failed);
  const scheduler = new TestScheduler(observables.assert);
  limitSteps(scheduler);
  scheduler.run((helpers) => {
    const reactor = new VirtualReactor(scheduler);
    const none = { peers: [], listeners: [], connectors: [], files: [], checks: [] };
    const rig: Rig = { scheduler, reactor, sessionErrors: 'checked', assert, ...none };
    const expectations = new Expectations(rig);
    const restore = useTurns((turn) => {
      scheduler.schedule(turn);
    });
    const realTime = new RealTimeWatch();
    try {
      const given = observables.wrap(helpers, expectations.subscriptionsOf, (what) => {
        checkRunning(rig, what);
      });
      const result = body(marbleHelpers(rig, expectations, given));
      checkBody(result, 'a marble test', (why) => new MarbleError(why));
      // What has thrown has cut virtual time short: what comes later has not happened.
      if (attempt(helpers.flush, failed)) {
        observables.checkStated();
        for (const check of rig.checks) attempt(check, failed);
      }
      failures.push(...sessionFailures(rig));
      if (realTime.failure) failures.unshift(realTime.failure);
      // A failed expectation says more than what is left.
      if (failures.length === 0) failures.push(...leftovers(rig, expectations.stated));
    } finally {
      realTime.stop();
      reactor.ended = true;
      restore();
    }
    if (failures.length === 0) return;
    throw failureOf(failures, realTime.failure ? undefined : realTime.reason);
  });
}

function attempt(work: () => void, failed: (failure: unknown) => void): boolean {
  try {
    work();
    return true;
  } catch (failure) {
    failed(failure);
    return false;
  }
}

/**
 * {@link marbles} with the assertion function of a test framework.
 *
 * "Once at the top of a file."
 *
 * @param assert - as `(actual, expected) => expect(actual).toEqual(expected)`
 *
 * @example
 * ```ts
 * const marbles = marblesWith((actual, expected) => expect(actual).toEqual(expected));
 * ```
 */
export function marblesWith(
  assert: AssertDeepEqual,
): (body: (helpers: MarbleHelpers) => unknown) => void {
  if (typeof assert !== 'function') {
    throw new TypeError(`assert must be a function, got ${typeof assert}`);
  }
  return (body) => {
    marbles(body, assert);
  };
}
