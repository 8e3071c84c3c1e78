import type { LibeventError } from '../common/LibeventError';

/** What a signal reports. Never from inside {@link Signals.start}. */
export interface SignalHandler {
  /** @param count - how often it has come since the last call: 1 or more */
  onSignal(count: number): void;
  /** No call follows: the signal was refused, or the base has been closed. */
  onEnded(error: LibeventError | undefined): void;
}

export interface SignalHandle {
  /** Gives the signal back. */
  stop(): void;
}

/** What carries signals: `evsignal`s of a reactor, or a script in a test. */
export interface Signals {
  start(signal: NodeJS.Signals, priority: number | undefined, handler: SignalHandler): SignalHandle;
}
