import { type AsyncHook, createHook } from 'node:async_hooks';
import { dirname } from 'node:path';
import { MarbleError, isOfLibrary, stackLines } from './MarbleError';

const DEPTH = 100;

/** Where RxJS asks Node for a timer, which it does not do in virtual time. */
const TIMER_OF_RXJS = /([^ (]*[/\\]rxjs)[/\\].*[/\\]intervalProvider[.]/;

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
  private seen: { readonly type: string; readonly stack: readonly string[] } | undefined;
  private ofOtherCopy: readonly string[] | undefined;
  private readonly hook: AsyncHook;

  constructor() {
    this.hook = createHook({
      init: (_id, type) => {
        if (!(type in REASONS)) return;
        if (this.seen !== undefined && (type !== 'Timeout' || this.ofOtherCopy)) return;
        const stack = deepStack();
        this.seen ??= { type, stack };
        if (stack.some((line) => TIMER_OF_RXJS.test(line))) this.ofOtherCopy ??= stack;
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
    const { type, stack } = this.seen;
    const [place] = usersPlaces(stack);
    return `${REASONS[type] ?? ''}${place === undefined ? '' : `\n${place}`}`;
  }

  /**
   * What no test means: time operators of an RxJS that does not know of its virtual time. What they do has
   * not happened, and a test that expects nothing of it would pass.
   */
  get failure(): MarbleError | undefined {
    const stack = this.ofOtherCopy;
    if (stack === undefined) return undefined;
    const path = stack.map((line) => TIMER_OF_RXJS.exec(line)?.[1]).find(Boolean);
    const message =
      `RxJS is there twice: a timer of ${String(path)} was started in this test, and virtual time is that of ` +
      `${dirname(require.resolve('rxjs/package.json'))}. A project that links a checkout has to link its rxjs, too`;
    const error = new MarbleError(message);
    error.stack = [`${error.name}: ${message}`, ...usersPlaces(stack)].join('\n');
    return error;
  }
}

/** The pipelines of RxJS are deeper than the ten calls of a usual stack. */
function deepStack(): string[] {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEPTH;
  const { stack } = new Error();
  Error.stackTraceLimit = stackTraceLimit;
  return stackLines(stack);
}

/** The lines that are neither of Node nor of RxJS nor of this library, from the innermost. */
function usersPlaces(lines: readonly string[]): string[] {
  return lines.filter(
    (line) => !/node:|[/\\]node_modules[/\\]rxjs[/\\]/.test(line) && !isOfLibrary(line),
  );
}
