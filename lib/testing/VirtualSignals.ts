import type { SignalHandle, SignalHandler, Signals } from '../events/Signals';
import { MarbleError } from './MarbleError';
import type { VirtualReactor } from './VirtualReactor';

/** What a process does not end with, if nobody takes it. */
const IGNORED: readonly NodeJS.Signals[] = ['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'];

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
    const fail = MarbleError.here();
    this.reactor.post(() => {
      const all = [...(this.handlers.get(signal) ?? [])];
      if (all.length === 0 && !IGNORED.includes(signal)) {
        throw fail(
          `${signal} was raised and nobody has subscribed to it: it would end the process`,
        );
      }
      for (const handler of all) handler.onSignal(1);
    });
  }
}
