import { isObservable } from 'rxjs';

/**
 * Refuses what a body has returned that nobody would look at.
 *
 * @param what - as `a marble test`
 * @param refuse - makes the error
 */
export function checkBody(result: unknown, what: string, refuse: (why: string) => Error): void {
  if (isPromise(result)) {
    // Its failure would be nobody's, and takes the process with it.
    result.then(undefined, () => undefined);
    throw refuse(`${what} is synchronous, its body must not return a promise`);
  }
  if (isIterator(result)) {
    throw refuse(`${what} is no generator: nothing of its body has been done`);
  }
  if (isUnsubscribed(result)) {
    throw refuse(`${what} returns an Observable: nobody subscribes to it`);
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

function isIterator(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'next' in value && Symbol.iterator in value;
}

/** What has state of its own, as a connection or a Subject, is more than what subscribing does. */
function isUnsubscribed(value: unknown): boolean {
  return isObservable(value) && !('next' in value);
}
