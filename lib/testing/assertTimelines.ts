import { isDeepStrictEqual, inspect } from 'node:util';
import { MarbleError } from './MarbleError';
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
 * What the TestScheduler of RxJS asserts with: the test's own function, whose failure is told as
 * marbles where both sides are timelines.
 */
export function assertTimelines(assert: AssertDeepEqual): AssertDeepEqual {
  return (actual, expected) => {
    try {
      assert(actual, expected);
    } catch (error) {
      if (!isMessages(actual) || !isMessages(expected)) throw error;
      const [is, should] = [actual.map(markOf), expected.map(markOf)];
      const index = firstDifference(should, is, rules);
      if (index < 0) throw error;
      const drawing = drawTimelines(should, is, index, rules);
      throw new MarbleError(`expectObservable: the timelines differ\n\n${drawing}\n`, {
        cause: error,
      });
    }
  };
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
