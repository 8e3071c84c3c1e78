import type { RunHelpers } from 'rxjs/testing';
import { type Fail, MarbleError } from './MarbleError';
import type { EitherEnd } from './Expectations';
import type { LoggedSubscription, Probe } from './Probe';
import { type AssertDeepEqual, assertSubscriptions, assertTimelines } from './assertTimelines';

/** What `expectSubscriptions` is about: a connection, a probe, or what `cold` and `hot` have logged. */
export type Subscribed = EitherEnd | Probe<unknown> | readonly LoggedSubscription[];

/** RxJS's helpers; subscriptions are expected of connections and probes, too. */
export interface RxjsHelpers extends Omit<RunHelpers, 'expectSubscriptions'> {
  /**
   * When it is subscribed to, and until when: a diagram for each subscription, `^` and `!`, in the order of their
   * beginning.
   */
  expectSubscriptions(source: Subscribed): { toBe(marbles: string | string[]): void };
}

/** One `expectObservable` or `expectSubscriptions`, from its call to its check. */
interface Waiting {
  readonly what: string;
  /** Its failure, at the line of `toBe`; of the call itself, while nothing is expected. */
  fail: Fail;
  stated: boolean;
}

/**
 * RxJS's own expectations: each failure points at its line, and keeps no other check from being made.
 * The scheduler asserts them in the order of their calls.
 */
export class RxjsExpectations {
  private readonly waiting: Waiting[] = [];

  constructor(
    private readonly compare: AssertDeepEqual,
    private readonly onFailed: (failure: unknown) => void,
  ) {}

  /** What the scheduler asserts with. */
  readonly assert: AssertDeepEqual = (actual, expected) => {
    const index = this.waiting.findIndex(({ stated }) => stated);
    const [check] = index < 0 ? [] : this.waiting.splice(index, 1);
    const fail = check?.fail ?? MarbleError.here();
    try {
      if (check?.what === 'expectSubscriptions') {
        const [logs, others] = [actual, expected] as LoggedSubscription[][];
        assertSubscriptions(this.compare, logs ?? [], others ?? [], fail);
      } else {
        assertTimelines(this.compare, actual, expected, fail);
      }
    } catch (error) {
      this.onFailed(error);
    }
  };

  /**
   * RxJS's helpers, with these in their places.
   *
   * @param subscriptionsOf - what `expectSubscriptions` is given
   * @param checkRunning - refuses what is stated when the test has ended
   */
  wrap(
    helpers: RunHelpers,
    subscriptionsOf: (source: Subscribed) => readonly LoggedSubscription[],
    checkRunning: (what: string) => void,
  ): RxjsHelpers {
    const expectObservable: RunHelpers['expectObservable'] = (observable, subscription) => {
      checkRunning('expectObservable');
      const call = helpers.expectObservable(observable, subscription);
      const check = this.begin('expectObservable');
      return {
        toBe: (...args) => {
          checkRunning(check.what);
          this.state(check);
          call.toBe(...args);
        },
        toEqual: (other) => {
          checkRunning(check.what);
          this.state(check);
          call.toEqual(other);
        },
      };
    };
    const expectSubscriptions: RxjsHelpers['expectSubscriptions'] = (source) => {
      checkRunning('expectSubscriptions');
      const call = helpers.expectSubscriptions(subscriptionsOf(source) as never);
      const check = this.begin('expectSubscriptions');
      return {
        toBe: (marbles) => {
          checkRunning(check.what);
          this.state(check);
          call.toBe(marbles);
        },
      };
    };
    return { ...helpers, expectObservable, expectSubscriptions };
  }

  /** What was called and says nothing passes in RxJS. */
  checkStated(): void {
    for (const { what, fail, stated } of this.waiting) {
      if (!stated) this.onFailed(fail(`${what}: nothing is expected, call toBe()`));
    }
  }

  private begin(what: string): Waiting {
    const check = { what, fail: MarbleError.here(), stated: false };
    this.waiting.push(check);
    return check;
  }

  private state(check: Waiting): void {
    check.fail = MarbleError.here();
    check.stated = true;
  }
}
