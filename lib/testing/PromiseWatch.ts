import { type AsyncHook, createHook } from 'node:async_hooks';
import { usersLines } from './MarbleError';

const DEPTH = 100;

/**
 * Sees whether a promise is made while a test runs. None settles before virtual time has ended, so
 * what waits for one has not happened, and the timelines do not say why.
 */
export class PromiseWatch {
  private place: string | undefined;
  private seen = false;
  private readonly hook: AsyncHook;

  constructor() {
    this.hook = createHook({
      init: (_id, type) => {
        if (type !== 'PROMISE' || this.seen) return;
        this.seen = true;
        this.place = placeOfUser(usersLines(deepStack()));
      },
    });
    this.hook.enable();
  }

  stop(): void {
    this.hook.disable();
  }

  /** Why a test may have failed, if a promise was made in it. */
  get reason(): string | undefined {
    if (!this.seen) return undefined;
    const made = this.place === undefined ? '' : `\n${this.place}`;
    return (
      'a promise was made in this test, and no promise settles in virtual time: give the pipeline an ' +
      `Observable in its place, as of(value).pipe(delay(1))${made}`
    );
  }
}

/** The pipelines of RxJS are deeper than the ten calls of a usual stack. */
function deepStack(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

/** The innermost line that is neither of Node nor of RxJS. */
function placeOfUser(lines: readonly string[]): string | undefined {
  return lines.find((line) => !/node:|[/\\]node_modules[/\\]rxjs[/\\]/.test(line));
}
