import { MarbleError } from './MarbleError';
import type { AssertDeepEqual } from './assertTimelines';

/**
 * The assertion function of a test, which must throw for what differs, and at once: one that does not
 * would let everything pass.
 */
export function checkedAssert(
  assert: (...args: Parameters<AssertDeepEqual>) => unknown,
): AssertDeepEqual {
  return (actual, expected) => {
    const result = assert(actual, expected);
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
      (result as PromiseLike<unknown>).then(undefined, () => undefined);
      throw new MarbleError(
        'the assertion function must be synchronous, it has returned a promise',
      );
    }
    if (differs(actual, expected)) {
      throw new MarbleError('the assertion function has let pass what differs: it must throw');
    }
  };
}

/** What no rule of comparing takes for equal; objects that a matcher or a class may judge are none. */
function differs(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length !== other.length || one.some((item, index) => differs(item, other[index]));
  }
  if (isMessage(one) && isMessage(other)) {
    return differs(Object.values(one), Object.values(other));
  }
  const areValues = isValue(one) && isValue(other);
  return areValues && one !== other && !(Number.isNaN(one) && Number.isNaN(other));
}

/** Of RxJS: a notification with its frame, or that itself, or when something was subscribed to. */
function isMessage(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return ['notification', 'kind', 'subscribedFrame'].some((name) => name in value);
}

function isValue(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}
