import type { Observable, SchedulerLike } from 'rxjs';
import { EventScheduler } from '../events/EventScheduler';
import { fdOptions, type FdConfig } from '../events/FdConfig';
import { FdEvent } from '../events/FdEvent';
import { signalOptions, type SignalConfig } from '../events/SignalConfig';
import type { SignalEvent } from '../events/SignalEvent';
import { timerOptions, type TimerConfig } from '../events/TimerConfig';
import { signal } from '../events/signal';
import { timer } from '../events/timer';
import { EventLoop } from './EventLoop';
import type { Reactor } from './Reactor';
import { RingFds } from './RingFds';
import { RingSignals } from './RingSignals';
import { RingTimers } from './RingTimers';

/**
 * What an {@link EventBase} has beside sockets: timers, signals, events on descriptors. They live on
 * its first reactor.
 */
export abstract class EventSources extends EventLoop {
  private timersOrNone: RingTimers | undefined;
  private schedulerOrNone: EventScheduler | undefined;
  private signalsOrNone: RingSignals | undefined;
  private fdsOrNone: RingFds | undefined;

  /** @internal */
  protected abstract get first(): Reactor;
  /** How many priority levels its events have. @see `event_base_get_npriorities()` */
  abstract get priorities(): number;

  /**
   * RxJS's `timer` on libevent's clock: microseconds, no drift, no burst.
   *
   * "Once after a while, or again and again."
   *
   * ```
   * timer(20)         --0|
   * timer(20, 20)     --0-1-2-3-4-5-
   * JavaScript            [====]
   *   emits           --0-1    4-5-
   *   with catchUp    --0-1    234-5-
   * ```
   *
   * Expirations stand on a grid that begins at the first due time, so lateness does not add up.
   * While JavaScript is busy they are counted by the reactor, not queued. What is emitted
   * then is the number of the latest, so the numbers show what was skipped; with `catchUp` every
   * number is emitted, at most 256 in one turn. A timer cannot be held. Timers that are due within
   * the same 20 microseconds may fire in any order; actions of {@link EventSources.scheduler} never.
   *
   * - **Subscribe**: cold; every subscription has a timer. It counts from the subscription, even if
   *   JavaScript stays busy, and never fires early.
   * - **Next**: 0, then with a period the number of the expiration, rising.
   * - **Complete**: after the first value if there is no period; when the base is closed.
   * - **Error**: {@link LibeventError} `ERR_BASE_CLOSED`; `ENOBUFS` beyond 1,048,575 handlers.
   * - **Unsubscribe**: the timer is freed; nothing is emitted any more.
   *
   * @param dueMs - milliseconds until the first value, or when it is due. Bounds: 0 to
   *   2147483647000; fractions down to 0.001
   * @param periodMs - milliseconds between the values after it. Default: none. Bounds: 0.001 to
   *   2147483647000
   * @throws TypeError, RangeError for arguments of wrong type or out of bounds
   *
   * @example
   * ```ts
   * base.timer(0.25, 0.25).pipe(take(4000)).subscribe({ complete: () => console.log('a second') });
   * ```
   *
   * @see event2/event.h `evtimer_new()`, `event_base_init_common_timeout()`
   */
  timer(dueMs: number | Date, periodMs?: number, config: TimerConfig = {}): Observable<number> {
    return timer(this.timers, timerOptions(dueMs, periodMs, config, this.priorities));
  }

  /**
   * A scheduler for RxJS's operators on this base's timers: `debounceTime(0.5, base.scheduler)`; see
   * {@link EventScheduler}.
   *
   * @example
   * ```ts
   * conn.pipe(lines(), debounceTime(0.5, base.scheduler)).subscribe((line) => console.log(line));
   * ```
   */
  get scheduler(): SchedulerLike {
    this.schedulerOrNone ??= new EventScheduler(this.timers);
    return this.schedulerOrNone;
  }

  /**
   * A signal of the operating system, instead of Node's `process.on()`.
   *
   * "Somebody has sent us a SIGHUP."
   *
   * ```
   * kill        --H-----HHH-------H--
   * JavaScript        [=====]
   * signal      --1---------3-----1--
   * ```
   *
   * Signals are counted by the reactor, so none is lost while JavaScript is busy; the kernel
   * itself may merge two that come at once. All subscribers of a signal share one event, with the
   * priority of the first. Listeners that `process` gets later hear the signal as well. One base of a
   * process at a time can have signals, in workers too.
   *
   * - **Subscribe**: cold; takes the signal. It keeps the process alive, and does what it does by
   *   default no more.
   * - **Next**: a {@link SignalEvent}.
   * - **Complete**: when the base is closed.
   * - **Error**: {@link LibeventError} `EBUSY` where `process` listens to the signal already, while
   *   Node or another library handles it (`SIGUSR1` starts Node's inspector), or while another base
   *   has signals; `ERR_BASE_CLOSED`.
   * - **Unsubscribe**: the last subscriber gives the signal back: it does what it did before.
   *
   * @param name - `'SIGHUP'` …
   * @throws LibeventError EINVAL for SIGKILL and SIGSTOP, which nobody can have; SIGCHLD, which Node
   *   needs; SIGSEGV, SIGBUS, SIGFPE and SIGILL, which are faults
   * @throws TypeError for what is no signal, RangeError for a priority out of bounds
   *
   * @example
   * ```ts
   * base.signal('SIGHUP').subscribe(() => reload());
   * ```
   *
   * @see event2/event.h `evsignal_new()`
   */
  signal(name: NodeJS.Signals, config: SignalConfig = {}): Observable<SignalEvent> {
    const options = signalOptions(name, config, this.priorities);
    this.signalsOrNone ??= new RingSignals(this.first);
    return signal(this.signalsOrNone, options);
  }

  /**
   * Events on a descriptor that somebody else owns; see {@link FdEvent}.
   *
   * @param fd - an open descriptor; −1 for none, then only `activate()` and `timeoutMs` emit
   * @throws TypeError, RangeError for arguments of wrong type or out of bounds
   *
   * @example
   * ```ts
   * // Input that comes at a terminal.
   * base.fd(0).subscribe(() => console.log(readSync(0, bytes)));
   * ```
   *
   * @see event2/event.h `event_new()`
   */
  fd(fd: number, config: FdConfig = {}): FdEvent {
    const options = fdOptions(fd, config, this.priorities);
    this.fdsOrNone ??= new RingFds(this.first);
    return new FdEvent(this.fdsOrNone, options);
  }

  private get timers(): RingTimers {
    this.timersOrNone ??= new RingTimers(this.first);
    return this.timersOrNone;
  }
}
