import { type AsyncHook, createHook } from 'node:async_hooks';
import { usersLines } from './MarbleError';

const DEPTH = 100;

/** What waits for the real event loop, by its type in Node, and what to use in its place. */
const REASONS: Readonly<Record<string, string>> = {
  PROMISE:
    'a promise was made in this test, and no promise settles in virtual time: give the pipeline an ' +
    'Observable in its place, as of(value).pipe(delay(1))',
  Timeout:
    'a timer of Node was started in this test, and none fires in virtual time: use at(), or timer(ms) of RxJS',
  Immediate:
    'setImmediate() was called in this test, and nothing comes of that in virtual time: use at(), or timer(0) of RxJS',
  Microtask:
    'queueMicrotask() was called in this test, and nothing comes of that in virtual time: use at(), or timer(0) of RxJS',
};

/**
 * Sees whether something is made while a test runs that happens only when virtual time has ended: what waits for
 * it has not happened, and the timelines do not say why.
 */
export class RealTimeWatch {
  private seen: { readonly type: string; readonly place: string | undefined } | undefined;
  private readonly hook: AsyncHook;

  constructor() {
    this.hook = createHook({
      init: (_id, type) => {
        if (this.seen !== undefined || !(type in REASONS)) return;
        this.seen = { type, place: undefined };
        this.seen = { type, place: placeOfUser(usersLines(deepStack())) };
      },
    });
    this.hook.enable();
  }

  stop(): void {
    this.hook.disable();
  }

  /** Why a test may have failed, if there was such a thing in it. */
  get reason(): string | undefined {
    if (this.seen === undefined) return undefined;
    const { type, place } = this.seen;
    return `${REASONS[type] ?? ''}${place === undefined ? '' : `\n${place}`}`;
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
