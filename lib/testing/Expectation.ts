import { checkNumber, checkString } from '../common/check';
import { type Fail, MarbleError } from './MarbleError';
import type { Mark } from './Mark';
import { type Rig, checkRunning } from './Rig';
import {
  type MarkRules,
  type Timing,
  drawTimeline,
  drawTimelines,
  firstDifference,
} from './drawTimelines';

/** How one kind of expectation reads marbles and finds what happened. */
export interface ExpectationKind<V, T> extends MarkRules<T> {
  /** What the test has written, as `expectOutput(connection 1)`. */
  readonly what: string;
  expected(marbles: string, values: V | undefined): Mark<T>[];
  /** As one value, what need not come apart where frames do not count. */
  joined?(marks: readonly Mark<T>[]): Mark<T>[];
  /** @throws what `fail` makes, where nothing can be said */
  actual(fail: Fail): readonly Mark<T>[];
}

/** Something that a test expects of a connection; looked at when virtual time has ended. */
export class Expectation<V, T> {
  private stated = false;
  private step = '';
  private timing: Timing = 0;

  /** @internal */
  constructor(
    private readonly rig: Rig,
    private readonly kind: ExpectationKind<V, T>,
  ) {
    checkRunning(rig, kind.what);
    const fail = this.failHere();
    rig.checks.push(() => {
      if (!this.stated) throw fail(`${kind.what}: nothing is expected, call toBe()`);
    });
  }

  /**
   * @param marbles - a diagram from the start of the test
   * @param values - what its characters stand for
   */
  readonly toBe = (marbles: string, values?: V): void => {
    const { kind, timing } = this;
    const fail = this.failHere();
    const expected = kind.expected(marbles, values);
    this.state(() => {
      compareTimelines(this.rig, kind, expected, timing, fail);
    });
  };

  /** Frames do not count, only what comes, and in which order: for what has been recorded on a real clock. */
  inOrder(): this {
    this.timing = 'order';
    return this;
  }

  /** Neither frames nor the order count, only what comes: for what comes from several sides. */
  inAnyOrder(): this {
    this.timing = 'anyOrder';
    return this;
  }

  /**
   * Each mark may come up to this many frames earlier or later.
   *
   * @param ms - Bounds: 0 up
   */
  within(ms: number): this {
    this.timing = checkNumber('ms', ms, 0, Number.MAX_SAFE_INTEGER, 'ms');
    return this;
  }

  /**
   * Names the step of the test that it is about, for the message: `.as('after login').toBe(…)`.
   *
   * @param step - what messages begin with
   */
  as(step: string): this {
    checkString(`${this.kind.what}: the step`, step);
    this.step = `${step}: `;
    return this;
  }

  /** @internal A failure at the line that has called, with the step's name in front. */
  protected failHere(): Fail {
    const fail = MarbleError.here();
    return (message, details) => fail(this.step + message, details);
  }

  /** Something was as expected: the test's framework counts it. */
  protected count(as: unknown): void {
    this.rig.assert(as, as);
  }

  protected state(check: () => void): void {
    checkRunning(this.rig, this.kind.what);
    this.stated = true;
    this.rig.checks.push(check);
  }
}

/**
 * Compares what happened with what was expected. Equal timelines pass through the test's own
 * assertion function, so that it counts; of others both are drawn.
 */
function compareTimelines<T>(
  rig: Rig,
  kind: ExpectationKind<never, T>,
  stated: readonly Mark<T>[],
  timing: Timing,
  fail: Fail,
): void {
  const joined = timing === 'order' ? kind.joined?.bind(kind) : undefined;
  const expected = joined?.(stated) ?? stated;
  const found = kind.actual(fail);
  const actual = joined?.(found) ?? found;
  const difference = firstDifference(expected, actual, kind, timing);
  if (difference === undefined) {
    const { marbles } = drawTimeline(expected, kind);
    rig.assert(marbles, marbles);
    return;
  }
  const [one, other] = [expected[difference.expected], actual[difference.actual]];
  const frame = Math.min(one?.frame ?? Infinity, other?.frame ?? Infinity);
  const drawing = drawTimelines(expected, actual, difference, kind);
  throw fail(`${kind.what}: frame ${String(frame)} differs\n\n${drawing}\n`);
}
