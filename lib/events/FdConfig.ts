import { checkDescriptor, checkNumber, checkOneOf } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { FdEventName, FdWatchSpec } from './FdWatch';
import { LONGEST_MS, checkPriority } from './TimerConfig';

/** How a descriptor is watched. */
export type FdMode = 'level' | 'edge';

/** Options of `base.fd()`. */
export interface FdConfig {
  /** What to wait for. Default: `['read']`; none of a descriptor that is −1. */
  readonly events?: readonly Exclude<FdEventName, 'timeout'>[];
  /** Emits `'timeout'` after this many ms without an event, again and again. Default: 0, never. */
  readonly timeoutMs?: number;
  /**
   * `'level'` emits while there is something to read or room to write, once for every time that it
   * has been handled. `'edge'` emits when more has come, so the descriptor must be emptied every
   * time; it needs a method with the feature `'et'`. Default: `'level'`. @see `EV_ET`
   */
  readonly mode?: FdMode;
  /** Default: the middle one. Bounds: 0, the first to be served, to the base's priorities − 1. */
  readonly priority?: number;
}

const EVENTS = ['read', 'write', 'closed'] as const;
const OPTIONS = {
  events: (value, name) => {
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw new TypeError(`${name} must be an array of event names`);
    return value.map((event) => checkOneOf(name, event, EVENTS));
  },
  timeoutMs: (value, name) => checkNumber(name, value ?? 0, 0, LONGEST_MS, 'ms'),
  mode: option.oneOf(['level', 'edge']),
  priority: option.other<number>(),
} satisfies OptionTable<FdConfig>;

/** Checks the options and fills in the defaults. */
export function fdOptions(fd: number, config: FdConfig, priorities: number): FdWatchSpec {
  checkDescriptor(fd, -1);
  const options = checkedOptions('config', config, OPTIONS);
  const events = options.events ?? (fd < 0 ? [] : (['read'] as const));
  if (fd < 0 && events.length > 0) {
    throw new TypeError('events must be empty where there is no descriptor: fd is -1');
  }
  return {
    fd,
    events: [...new Set(events)],
    edgeTriggered: options.mode === 'edge',
    timeoutMs: options.timeoutMs,
    priority: checkPriority(options.priority, priorities),
  };
}
