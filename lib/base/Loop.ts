import type { Observable } from 'rxjs';
import { Subject, concat, defer, of, EMPTY, throwError } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { checkNumber } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { LONGEST_MS } from '../events/TimerConfig';
import { native } from '../native';
import type { Reactor } from './Reactor';
import { closedBaseError } from './closedBaseError';

const { loopEnd, loopFlag } = native.layout;

/** Why dispatching has ended. */
export type DispatchEnd = 'exit' | 'break' | 'empty' | 'closed';

/** How a call of `loop()` has ended: `'stepped'` for one that was to return by itself. */
export type LoopEnd = DispatchEnd | 'stepped';

/** Options of `base.loop()`. */
export interface LoopConfig {
  /** Waits for something to happen, handles it, and returns. Default: false. @see `EVLOOP_ONCE` */
  readonly once?: boolean;
  /** Handles what has happened already, and returns. Default: false. @see `EVLOOP_NONBLOCK` */
  readonly nonblock?: boolean;
}

const OPTIONS = {
  once: option.flag(false),
  nonblock: option.flag(false),
} satisfies OptionTable<LoopConfig>;

const ENDS = new Map<number, LoopEnd>([
  [loopEnd.stepped, 'stepped'],
  [loopEnd.exited, 'exit'],
  [loopEnd.empty, 'empty'],
]);

/** The loops of a base: all of its reactors dispatch, or none is asked to. */
export class Loop {
  private readonly ends = new Subject<DispatchEnd>();
  private run = 0;
  /** Reactors that still dispatch in this run. */
  private left: number;
  private dispatching: boolean;
  private end: DispatchEnd | undefined;
  private failure: LibeventError | undefined;
  private emptying = false;
  private finished: ((end: LoopEnd) => void) | undefined;
  private failed: ((error: LibeventError) => void) | undefined;

  constructor(
    private readonly reactors: readonly Reactor[],
    count: number,
    dispatching: boolean,
    private readonly exitOnEmpty: boolean,
  ) {
    this.dispatching = dispatching;
    this.left = count;
  }

  /** Every end from now on, and the one that lasts. */
  readonly dispatched: Observable<DispatchEnd> = concat(
    defer(() => {
      if (this.failure !== undefined) return throwError(() => this.failure);
      return this.dispatching || this.end === undefined ? EMPTY : of(this.end);
    }),
    this.ends,
  );

  start(config: LoopConfig): Promise<LoopEnd> {
    const { once, nonblock } = checkedOptions('config', config, OPTIONS);
    if (this.end === 'closed') throw closedBaseError('event_base_loop');
    if (this.dispatching) {
      throw new LibeventError('EALREADY', 'event_base_loop', {
        detail: 'the base is dispatching: leave its loop first',
      });
    }
    this.run = (this.run + 1) | 0;
    this.left = this.reactors.length;
    this.dispatching = true;
    const flags = (once ? loopFlag.once : 0) | (nonblock ? loopFlag.nonblock : 0);
    for (const reactor of this.reactors) reactor.loop(flags, this.run);
    const promise = new Promise<LoopEnd>((resolve, reject) => {
      this.finished = resolve;
      this.failed = reject;
    });
    // A caller that ignores the result hears of a failure by `dispatched`.
    promise.catch(() => undefined);
    this.look();
    return promise;
  }

  exit(afterMs: number): void {
    checkNumber('afterMs', afterMs, 0, LONGEST_MS, 'ms');
    for (const reactor of this.reactors) reactor.loopExit(afterMs);
  }

  break(): void {
    if (!this.dispatching) return;
    for (const reactor of this.reactors) reactor.loopBreak();
    const { run } = this;
    // Reported in a microtask, like every event; the reactor is already silent.
    queueMicrotask(() => {
      if (this.dispatching && run === this.run) this.finish('break');
    });
  }

  /** A reactor has left its loop. */
  looped(code: number, run: number): void {
    const end = ENDS.get(code);
    // A break has been reported already.
    if (end === undefined || run !== this.run || !this.dispatching) return;
    this.left -= 1;
    if (this.left === 0) this.finish(end);
  }

  /** Handlers have come or gone: asks the reactors to leave their loops when none is left. */
  look(): void {
    if (!this.exitOnEmpty || this.emptying) return;
    this.emptying = true;
    queueMicrotask(() => {
      this.emptying = false;
      if (!this.dispatching || this.reactors.some(({ handlers }) => handlers.size > 0)) return;
      for (const reactor of this.reactors) reactor.endLoop(loopEnd.empty);
    });
  }

  /** The reactors have ended. */
  close(error: LibeventError | undefined): void {
    if (this.end === 'closed') return;
    if (error === undefined) {
      this.finish('closed');
      this.ends.complete();
      return;
    }
    this.dispatching = false;
    this.end = 'closed';
    this.failure = error;
    this.failed?.(error);
    this.ends.error(error);
  }

  private finish(end: LoopEnd): void {
    const { finished } = this;
    this.dispatching = false;
    this.finished = undefined;
    this.failed = undefined;
    if (end !== 'stepped') this.end = end;
    finished?.(end);
    if (end !== 'stepped') this.ends.next(end);
  }
}
