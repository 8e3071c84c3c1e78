import { checkNumber } from '../common/check';
import type { Fail } from './MarbleError';
import type { Mark } from './Mark';
import { NamedExpectation } from './NamedExpectation';
import type { Rig } from './Rig';
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
export class Expectation<V, T> extends NamedExpectation {
  private timing: Timing = 0;

  /** @internal */
  constructor(
    rig: Rig,
    private readonly kind: ExpectationKind<V, T>,
  ) {
    super(rig, kind.what);
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
