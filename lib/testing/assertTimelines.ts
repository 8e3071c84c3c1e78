import { isDeepStrictEqual, inspect } from 'node:util';
import { type Fail, MarbleError } from './MarbleError';
import { type Mark, sign } from './Mark';
import type { LoggedSubscription } from './Probe';
import { describeBytes, differsAt, toBytes } from './bytes';
import { drawTimeline, drawTimelines, firstDifference } from './drawTimelines';

/** Compares deeply, and throws where two things differ: `expect(a).toEqual(b)`, `deepStrictEqual`. */
export type AssertDeepEqual = (actual: unknown, expected: unknown) => void;

/** A notification of RxJS's TestScheduler. */
interface Message {
  readonly frame: number;
  readonly notification: { readonly kind: 'N' | 'E' | 'C'; value?: unknown; error?: unknown };
}

const MOST_SHOWN = 60;

const rules = {
  same: isDeepStrictEqual,
  describe: (value: unknown, other?: unknown): string => {
    const [one, two] = [longBytes(value), longBytes(other)];
    if (one && two) return describeBytes(one, differsAt(one, two));
    if (value instanceof Error) return String(value);
    return inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: MOST_SHOWN });
  },
};

/** What is shown in part alone. */
function longBytes(value: unknown): Buffer | undefined {
  const isBytes = typeof value === 'string' || value instanceof Uint8Array;
  return isBytes && value.length > MOST_SHOWN ? toBytes('', value, 'utf8') : undefined;
}

/**
 * What RxJS compares is compared with the test's own function, whose failure is shown as marbles where
 * both sides are timelines.
 */
export function assertTimelines(
  assert: AssertDeepEqual,
  actual: unknown,
  expected: unknown,
  fail: Fail,
): void {
  try {
    assert(actual, expected);
  } catch (error) {
    if (!isMessages(actual) || !isMessages(expected)) throw error;
    const [is, should] = [actual.map(markOf), expected.map(markOf)];
    const difference = firstDifference(should, is, rules, 0);
    if (difference === undefined) throw error;
    const drawing = drawTimelines(should, is, difference, rules);
    const why = error instanceof MarbleError ? `\n${error.message}\n` : '';
    const message = `expectObservable: the timelines differ\n\n${drawing}\n${why}`;
    throw fail(message, { cause: error });
  }
}

/** The same for subscriptions, one a line, whatever they are logged as. */
export function assertSubscriptions(
  assert: AssertDeepEqual,
  actual: readonly LoggedSubscription[],
  expected: readonly LoggedSubscription[],
  fail: Fail,
): void {
  const [is, should] = [actual, expected].map((logs) =>
    Array.from(logs, ({ subscribedFrame, unsubscribedFrame }) => ({
      ...{ subscribedFrame, unsubscribedFrame },
    })),
  );
  try {
    assert(is, should);
  } catch (error) {
    const drawing = [...rowsOf('expected', expected), ...rowsOf('actual', actual)].join('\n');
    throw fail(`expectSubscriptions: the subscriptions differ\n\n${drawing}\n`, { cause: error });
  }
}

function rowsOf(label: string, logs: readonly LoggedSubscription[]): string[] {
  if (logs.length === 0) return [`  ${label.padEnd(8)}  none`];
  return logs.map(({ subscribedFrame, unsubscribedFrame }, index) => {
    const end = unsubscribedFrame === Infinity ? [] : [sign(unsubscribedFrame, '!')];
    const { marbles } = drawTimeline([sign(subscribedFrame, '^'), ...end], rules);
    return `  ${(index === 0 ? label : '').padEnd(8)}  ${marbles}`;
  });
}

function isMessages(value: unknown): value is Message[] {
  return (
    Array.isArray(value) &&
    value.every((message: Partial<Message> | null) => message?.notification !== undefined)
  );
}

function markOf({ frame, notification }: Message): Mark {
  if (notification.kind === 'N') return { frame, char: undefined, value: notification.value };
  if (notification.kind === 'C') return { frame, char: '|' };
  return { frame, char: '#', value: notification.error };
}
