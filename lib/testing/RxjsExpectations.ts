import type { Observable } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';
import { type Fail, MarbleError } from './MarbleError';
import type { EitherEnd } from './Expectations';
import { stepOf } from './NamedExpectation';
import type { LoggedSubscription, Probe } from './Probe';
import { type AssertDeepEqual, assertSubscriptions, assertTimelines } from './assertTimelines';

/** What `expectSubscriptions` is about: a connection, a probe, or what `cold` and `hot` have logged. */
export type Subscribed = EitherEnd | Probe<unknown> | readonly LoggedSubscription[];

/** What is expected of an Observable, with RxJS's own words. */
export interface ObservableExpectation<T> {
  /** Names the step of the test that it is about, for the message. */
  as(step: string): this;
  toBe(marbles: string, values?: unknown, error?: unknown): void;
  toEqual(other: Observable<T>): void;
}

/** What is expected of subscriptions, with RxJS's own words. */
export interface SubscriptionExpectation {
  /** Names the step of the test that it is about, for the message. */
  as(step: string): this;
  toBe(marbles: string | string[]): void;
}

/** RxJS's helpers; expectations have names, and subscriptions are expected of connections and probes, too. */
export interface RxjsHelpers extends Omit<RunHelpers, 'expectObservable' | 'expectSubscriptions'> {
  /** What it emits, from the start or as `subscription` says, `^--!`. */
  expectObservable<T>(
    observable: Observable<T>,
    subscription?: string | null,
  ): ObservableExpectation<T>;
  /**
   * When it is subscribed to, and until when: a diagram for each subscription, `^` and `!`, in the order of their
   * beginning.
   */
  expectSubscriptions(source: Subscribed): SubscriptionExpectation;
}

/** One `expectObservable` or `expectSubscriptions`, from its call to its check. */
class Waiting {
  stated = false;
  private step = '';
  private site = MarbleError.here();

  constructor(
    readonly what: string,
    private readonly checkRunning: (what: string) => void,
  ) {}

  /** Its failure, at the line of `toBe`; of the call itself, while nothing is expected. */
  readonly fail: Fail = (message, details) => this.site(this.step + message, details);

  name(step: string): void {
    this.step = stepOf(this.what, step);
  }

  state(): void {
    this.checkRunning(this.what);
    this.site = MarbleError.here();
    this.stated = true;
  }
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
    const begin = (what: string): Waiting => {
      const check = new Waiting(what, checkRunning);
      this.waiting.push(check);
      return check;
    };
    return {
      ...helpers,
      expectObservable: (observable, subscription) => {
        checkRunning('expectObservable');
        const call = helpers.expectObservable(observable, subscription);
        const check = begin('expectObservable');
        return {
          as(step) {
            check.name(step);
            return this;
          },
          toBe: (...args) => {
            check.state();
            call.toBe(...args);
          },
          toEqual: (other) => {
            check.state();
            call.toEqual(other);
          },
        };
      },
      expectSubscriptions: (source) => {
        checkRunning('expectSubscriptions');
        const call = helpers.expectSubscriptions(subscriptionsOf(source) as never);
        const check = begin('expectSubscriptions');
        return {
          as(step) {
            check.name(step);
            return this;
          },
          toBe: (marbles) => {
            check.state();
            call.toBe(marbles);
          },
        };
      },
    };
  }

  /** What was called and says nothing passes in RxJS. */
  checkStated(): void {
    for (const { what, fail, stated } of this.waiting) {
      if (!stated) this.onFailed(fail(`${what}: nothing is expected, call toBe()`));
    }
  }
}
