import type { Observable } from 'rxjs';
import { inSubscriberContext } from '../common/inSubscriberContext';
import type { DispatchEnd, Loop, LoopConfig, LoopEnd } from './Loop';
import type { Reactor } from './Reactor';

/** How an `EventBase` dispatches: all of its reactors together. */
export abstract class EventLoop {
  /** @internal */
  protected abstract readonly loops: Loop;
  /** @internal */
  protected abstract readonly reactors: readonly Reactor[];

  /**
   * Dispatches again after {@link EventBase.loopExit}, {@link EventLoop.loopBreak} or with the option
   * `dispatch: false`; or, with an option, does a single step.
   *
   * Calls of the base and its connections are taken at once whether it dispatches or not; what
   * happens because of them waits for the loop.
   *
   * @returns how it ended: `'stepped'` for a step, else as {@link EventBase.dispatched}
   * @throws TypeError for options of wrong type
   * @throws LibeventError EALREADY while it dispatches, ERR_BASE_CLOSED when it is closed
   *
   * @see event2/event.h `event_base_loop()`, `event_base_dispatch()`
   */
  loop(config: LoopConfig = {}): Promise<LoopEnd> {
    return this.loops.start(config);
  }

  /**
   * Leaves the loops once what is active has been handled and reported.
   * On a base that does not dispatch it ends the next loop.
   *
   * @param afterMs - in this many ms. Default: 0, now. Bounds: 0 to 2147483647000
   * @throws TypeError, RangeError
   * @see event2/event.h `event_base_loopexit()`
   */
  loopExit(afterMs = 0): void {
    this.loops.exit(afterMs);
  }

  /**
   * Leaves the loops now: nothing more is reported, not even what is active already or has crossed
   * to JavaScript. That waits for the next {@link EventBase.loop} or for `close()`. Does nothing on a
   * base that does not dispatch.
   *
   * @see event2/event.h `event_base_loopbreak()`
   */
  loopBreak(): void {
    this.loops.break();
  }

  /**
   * Why dispatching has ended.
   *
   * - **Subscribe**: hot; late subscribers have the end that lasts.
   * - **Next**: `'exit'`, `'break'`, `'empty'` (with the option `exitOnEmpty`, when nothing is left
   *   to wait for), once for each end of a loop; `'closed'`. Steps are not reported.
   * - **Complete**: after `'closed'`.
   * - **Error**: {@link LibeventError} `ERR_LIBEVENT_FATAL` when libevent has given up.
   * - **Unsubscribe**: nothing else happens.
   *
   * @see event2/event.h `event_base_got_exit()`, `event_base_got_break()`
   */
  get dispatched(): Observable<DispatchEnd> {
    return inSubscriberContext(this.loops.dispatched);
  }

  /** Keeps the process alive while it has work; that is how a base begins. */
  ref(): this {
    for (const reactor of this.reactors) reactor.reference(true);
    return this;
  }

  /** Lets the process end in spite of its work, until {@link EventBase.ref}. */
  unref(): this {
    for (const reactor of this.reactors) reactor.reference(false);
    return this;
  }
}
