/** What runs in virtual time now; RxJS has one virtual clock. */
let running: string | undefined;

/**
 * Runs something that has virtual time for itself.
 *
 * @param what - as `marbles`
 * @param refuse - makes the error for what is run inside another one
 */
export function inVirtualTime<T>(what: string, refuse: (why: string) => Error, work: () => T): T {
  if (running !== undefined) {
    throw refuse(`${what} within ${running}: there is one virtual time, run one behind the other`);
  }
  running = what;
  try {
    return work();
  } finally {
    running = undefined;
  }
}
