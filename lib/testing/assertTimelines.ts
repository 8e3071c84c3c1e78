import { isDeepStrictEqual, inspect } from 'node:util';
import type { Fail } from './MarbleError';
import type { Mark } from './Mark';
import { drawTimelines, firstDifference } from './drawTimelines';

/** Compares deeply, and throws where two things differ: `expect(a).toEqual(b)`, `deepStrictEqual`. */
export type AssertDeepEqual = (actual: unknown, expected: unknown) => void;

/** A notification of RxJS's TestScheduler. */
interface Message {
  readonly frame: number;
  readonly notification: { readonly kind: 'N' | 'E' | 'C'; value?: unknown; error?: unknown };
}

const rules = {
  same: isDeepStrictEqual,
  describe: (value: unknown): string =>
    value instanceof Error
      ? String(value)
      : inspect(value, { depth: 1, breakLength: Infinity, maxStringLength: 60 }),
};

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
    throw fail(`expectObservable: the timelines differ\n\n${drawing}\n`, { cause: error });
  }
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
