import type { Observable, SchedulerLike } from 'rxjs';
import { type ConnectConfig, connectOptions } from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import { type ListenConfig, listenOptions } from '../connection/ListenConfig';
import { Listener } from '../connection/Listener';
import type { Session } from '../connection/connectSession';
import { connectWith } from '../connection/connectWith';
import { EventScheduler } from '../events/EventScheduler';
import { type SignalConfig, signalOptions } from '../events/SignalConfig';
import type { SignalEvent } from '../events/SignalEvent';
import { type TimerConfig, timerOptions } from '../events/TimerConfig';
import { signal } from '../events/signal';
import { timer } from '../events/timer';
import type { Machine } from './Machine';
import { NetworkConnector } from './NetworkConnector';
import type { VirtualNetwork } from './VirtualNetwork';
import type { VirtualReactor } from './VirtualReactor';
import { VirtualSignals } from './VirtualSignals';
import { VirtualTimers } from './VirtualTimers';

/** As `EventBase` has by default. */
const PRIORITIES = 3;

/**
 * An `EventBase` in virtual time, for pipelines that are given their base: the same scheduler, timers
 * and signals, on frames instead of libevent's events; and listeners and connections of a network
 * that exists only in the test.
 */
export class VirtualBase {
  /** `base.scheduler`'s twin: `debounceTime(0.5, base.scheduler)`. */
  readonly scheduler: SchedulerLike;
  private readonly timers: VirtualTimers;
  private readonly signals: VirtualSignals;

  /** @internal Comes with the helpers of `marbles` and of `simulate`. */
  constructor(
    private readonly reactor: VirtualReactor,
    private readonly network: VirtualNetwork,
    private readonly machine: Machine,
  ) {
    this.timers = new VirtualTimers(reactor);
    this.scheduler = new EventScheduler(this.timers);
    this.signals = new VirtualSignals(reactor);
  }

  /** Of its machine, in the network of the test. */
  get address(): string {
    return this.machine.address;
  }

  /** `base.timer()`'s twin. A date counts from the epoch, which is frame 0. */
  timer(dueMs: number | Date, periodMs?: number, config: TimerConfig = {}): Observable<number> {
    const due = dueMs instanceof Date ? Math.max(0, dueMs.getTime() - this.timers.now()) : dueMs;
    return timer(this.timers, timerOptions(due, periodMs, config, PRIORITIES));
  }

  /** `base.signal()`'s twin: a signal comes when {@link VirtualBase.raise} sends it. */
  signal(name: NodeJS.Signals, config: SignalConfig = {}): Observable<SignalEvent> {
    return signal(this.signals, signalOptions(name, config, PRIORITIES));
  }

  /** Sends a signal to who has subscribed to it here; no process gets it. */
  raise(name: NodeJS.Signals): void {
    this.signals.raise(signalOptions(name, {}, PRIORITIES).signal);
  }

  /** `base.listen()`'s twin. */
  listen(config: ListenConfig): Listener {
    const options = listenOptions(config);
    const { machine, network } = this;
    network.madeCount += 1;
    return new Listener((handler) => network.listen(machine, options, handler), options);
  }

  /** `base.connect()`'s twin: reaches who listens in the same test, by name or address of its machine. */
  connect(config: ConnectConfig): Observable<Connection>;
  connect<T>(config: ConnectConfig, session: Session<T>): Observable<T>;
  connect<T>(config: ConnectConfig, session?: Session<T>): Observable<T | Connection> {
    const options = connectOptions(config);
    const { machine, network, reactor } = this;
    network.madeCount += 1;
    return connectWith<T | Connection>(
      options,
      (handler) => new NetworkConnector(network, machine, reactor, options, handler),
      session,
    );
  }
}
