import { MarbleError, type MarbleHelpers } from 'rxjs-libevent/testing';
import { marbles } from './marbles';

/** The failure of a test that has to fail. */
export function failureOf(body: (helpers: MarbleHelpers) => unknown): MarbleError {
  try {
    marbles(body);
  } catch (error) {
    if (error instanceof MarbleError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
