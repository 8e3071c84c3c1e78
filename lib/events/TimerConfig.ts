import { checkInteger, checkNumber } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { TimerSpec } from './Timers';

/** 68 years, what 31 bits of seconds can say. */
export const LONGEST_MS = 2_147_483_647_000;
/** A microsecond, what a `struct timeval` can say. */
const SHORTEST_PERIOD_MS = 0.001;

/** Options of `base.timer()`. */
export interface TimerConfig {
  /**
   * Whether expirations that were missed are emitted one by one, instead of being skipped. Default:
   * false. Needs a period.
   */
  readonly catchUp?: boolean;
  /**
   * Whether the timer shares a queue with the others of its duration, so that adding and cancelling
   * one does not depend on how many there are. It then counts from when the reactor hears of it,
   * later than the call while JavaScript is busy. A base has 256 such durations; further ones are
   * kept as usual. Default: false. Not with a period. @see `event_base_init_common_timeout()`
   */
  readonly commonTimeout?: boolean;
  /** Whether it keeps the process alive. Default: true. */
  readonly ref?: boolean;
  /** Default: the middle one. Bounds: 0, the first to be served, to the base's priorities − 1. */
  readonly priority?: number;
}

const OPTIONS = {
  catchUp: option.flag(false),
  commonTimeout: option.flag(false),
  ref: option.flag(true),
  priority: option.other<number>(),
} satisfies OptionTable<TimerConfig>;

/** {@link TimerConfig} with its times, checked and complete. */
export interface TimerOptions extends TimerSpec {
  readonly catchUp: boolean;
}

/** Checks the options and fills in the defaults. */
export function timerOptions(
  dueMs: number | Date,
  periodMs: number | undefined,
  config: TimerConfig,
  priorities: number,
): TimerOptions {
  const {
    catchUp,
    commonTimeout: common,
    ref,
    priority,
  } = checkedOptions('config', config, OPTIONS);
  const due = dueMs instanceof Date ? Math.max(0, dueMs.getTime() - Date.now()) : dueMs;
  const options = {
    dueMs: checkNumber('dueMs', due, 0, LONGEST_MS, 'ms'),
    periodMs:
      periodMs === undefined
        ? undefined
        : checkNumber('periodMs', periodMs, SHORTEST_PERIOD_MS, LONGEST_MS, 'ms'),
    common,
    catchUp,
    ref,
    priority: checkPriority(priority, priorities),
  };
  if (catchUp && periodMs === undefined) {
    throw new TypeError('catchUp needs a period: give periodMs');
  }
  if (common && periodMs !== undefined) {
    throw new TypeError('commonTimeout is for timers that fire once: give no periodMs');
  }
  return options;
}

/** Of which there are as many as the base has. */
export function checkPriority(priority: unknown, priorities: number): number | undefined {
  if (priority === undefined) return undefined;
  return checkInteger('priority', priority, 0, priorities - 1, 'levels');
}
