import { constants } from 'node:os';
import { LibeventError } from '../common/LibeventError';
import { checkOneOf } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { checkPriority } from './TimerConfig';

/** Options of `base.signal()`. */
export interface SignalConfig {
  /** Default: the middle one. Bounds: 0, the first to be served, to the base's priorities − 1. */
  readonly priority?: number;
}

const OPTIONS = { priority: option.other<number>() } satisfies OptionTable<SignalConfig>;

/** {@link SignalConfig}, checked and complete. */
export interface SignalOptions {
  readonly signal: NodeJS.Signals;
  readonly priority: number | undefined;
}

const SIGNALS = Object.keys(constants.signals) as NodeJS.Signals[];

const FAULT = 'the instruction that caused it would be repeated for ever';
/** Signals that are nobody's to take, and why. */
const REFUSED: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'the kernel lets nobody handle it',
  SIGSTOP: 'the kernel lets nobody handle it',
  SIGCHLD: 'Node needs it: without it, child processes would never be seen to exit',
  SIGSEGV: FAULT,
  SIGBUS: FAULT,
  SIGFPE: FAULT,
  SIGILL: FAULT,
};

/** Checks the options and fills in the defaults. */
export function signalOptions(
  signal: NodeJS.Signals,
  config: SignalConfig,
  priorities: number,
): SignalOptions {
  const { priority } = checkedOptions('config', config, OPTIONS);
  checkOneOf('signal', signal, SIGNALS);
  const reason = REFUSED[signal];
  if (reason !== undefined) {
    throw new LibeventError('EINVAL', 'sigaction', {
      detail: `${signal} cannot be had: ${reason}`,
    });
  }
  return { signal, priority: checkPriority(priority, priorities) };
}
