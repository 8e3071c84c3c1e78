import type { SignalHandle, SignalHandler, Signals } from '../events/Signals';
import type { VirtualReactor } from './VirtualReactor';

/** The signals of a base in virtual time: they come when the test sends them. */
export class VirtualSignals implements Signals {
  private readonly handlers = new Map<NodeJS.Signals, Set<SignalHandler>>();

  constructor(private readonly reactor: VirtualReactor) {}

  start(
    signal: NodeJS.Signals,
    _priority: number | undefined,
    handler: SignalHandler,
  ): SignalHandle {
    this.reactor.checkRunning(`${signal} of the base was subscribed to`);
    const all = this.handlers.get(signal) ?? new Set();
    this.handlers.set(signal, all.add(handler));
    return {
      stop: () => {
        all.delete(handler);
      },
    };
  }

  raise(signal: NodeJS.Signals): void {
    this.reactor.checkRunning(`${signal} was raised`);
    this.reactor.post(() => {
      for (const handler of [...(this.handlers.get(signal) ?? [])]) handler.onSignal(1);
    });
  }
}
