import { checkString } from '../common/check';
import { type Fail, MarbleError } from './MarbleError';
import type { Mark } from './Mark';
import { type Rig, checkRunning } from './Rig';
import { type MarkRules, drawTimeline, drawTimelines, firstDifference } from './drawTimelines';

/** How one kind of expectation reads marbles and finds what happened. */
export interface ExpectationKind<V, T> extends MarkRules<T> {
  /** What the test has written, as `expectOutput(connection 1)`. */
  readonly what: string;
  expected(marbles: string, values: V | undefined): Mark<T>[];
  /** @throws what `fail` makes, where nothing can be said */
  actual(fail: Fail): readonly Mark<T>[];
}

/** Something that a test expects of a connection; looked at when virtual time has ended. */
export class Expectation<V, T> {
  private stated = false;
  private step = '';

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
    const { kind } = this;
    const fail = this.failHere();
    const expected = kind.expected(marbles, values);
    this.state(() => {
      compareTimelines(this.rig, kind, expected, fail);
    });
  };

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
  expected: readonly Mark<T>[],
  fail: Fail,
): void {
  const actual = kind.actual(fail);
  const index = firstDifference(expected, actual, kind);
  if (index < 0) {
    const { marbles } = drawTimeline(expected, kind);
    rig.assert(marbles, marbles);
    return;
  }
  const frame = Math.min(expected[index]?.frame ?? Infinity, actual[index]?.frame ?? Infinity);
  const drawing = drawTimelines(expected, actual, index, kind);
  throw fail(`${kind.what}: frame ${String(frame)} differs\n\n${drawing}\n`);
}
