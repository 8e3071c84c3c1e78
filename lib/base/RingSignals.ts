import { LibeventError } from '../common/LibeventError';
import type { SignalHandle, SignalHandler, Signals } from '../events/Signals';
import type { Reactor } from './Reactor';
import { RingSignal } from './RingSignal';
import { closedBaseError } from './closedBaseError';

/** One signal and everybody who has subscribed to it. */
interface Shared {
  readonly event: RingSignal;
  readonly handlers: Set<SignalHandler>;
}

/** The signals of a reactor. Subscribers of the same signal share one event. */
export class RingSignals implements Signals {
  private readonly shared = new Map<NodeJS.Signals, Shared>();

  constructor(private readonly reactor: Reactor) {}

  start(
    signal: NodeJS.Signals,
    priority: number | undefined,
    handler: SignalHandler,
  ): SignalHandle {
    // Node would no longer hear of it, and its listeners there would not know.
    if (process.listenerCount(signal) > 0) {
      const detail = `process listens to ${signal}: a signal has one owner`;
      throw new LibeventError('EBUSY', 'sigaction', { detail });
    }
    if (this.reactor.ending) throw closedBaseError('sigaction');
    const shared = this.shared.get(signal) ?? this.open(signal, priority);
    // A subscriber may come twice with one handler, so each has an object of its own.
    const own: SignalHandler = {
      onSignal: (count) => {
        handler.onSignal(count);
      },
      onEnded: (error) => {
        handler.onEnded(error);
      },
    };
    shared.handlers.add(own);
    return {
      stop: () => {
        shared.handlers.delete(own);
        if (shared.handlers.size > 0 || this.shared.get(signal) !== shared) return;
        this.shared.delete(signal);
        shared.event.stop();
      },
    };
  }

  private open(signal: NodeJS.Signals, priority: number | undefined): Shared {
    const handlers = new Set<SignalHandler>();
    const event = new RingSignal(this.reactor, signal, priority, {
      onSignal: (count) => {
        for (const handler of [...handlers]) handler.onSignal(count);
        event.acknowledge();
      },
      onEnded: (error: LibeventError | undefined) => {
        if (this.shared.get(signal)?.event === event) this.shared.delete(signal);
        for (const handler of [...handlers]) handler.onEnded(error);
      },
    });
    const shared = { event, handlers };
    this.shared.set(signal, shared);
    return shared;
  }
}
