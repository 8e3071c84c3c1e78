import type { MarbleHelpers } from 'rxjs-libevent/testing';
import { marbles } from './marbles';

/** What a test that fails says. */
export function messageOf(body: (helpers: MarbleHelpers) => unknown): string {
  try {
    marbles(body);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}
