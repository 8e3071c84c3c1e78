import { native } from '../native';
import { LibeventError } from '../common/LibeventError';
import { checkOneOf } from '../common/check';
import { hasUvLoop } from '../common/hasUvLoop';
import { checkedOptions, type Option, type OptionTable, option } from '../common/options';
import type { ReactorConfig } from './ReactorConfig';

/** What a method can be asked to do. @see event2/event.h `enum event_method_feature` */
export type EventFeature = 'et' | 'o1' | 'fds' | 'earlyClose';

/** Options of an {@link EventBase}. */
export interface EventBaseConfig {
  /**
   * Reactor threads, each with an `event_base` of its own; with 0 there is one `event_base` that
   * JavaScript's thread turns, between its other work; with `'auto'` that thread turns it while it
   * keeps up. Default: `'auto'`. Bounds: 0 to 64.
   *
   * With `'auto'` a thread stands by. It takes the base over, within 10 ms, when JavaScript is blocked,
   * and when JavaScript is busy nearly all the time while a core is free; it gives the base back when
   * both together need less than one core. So sending, hearing peers and timeouts go on while JavaScript is
   * blocked. {@link EventBase.stats} counts turns and hand-overs, and the diagnostics channel
   * `'rxjs-libevent:base:owner'` reports them. With a method other than `epoll`, and in Bun and Deno, it is as 1.
   *
   * With 0 nothing crosses from one thread to another. While JavaScript is busy nothing is sent, and
   * no peer is heard. It needs the method `epoll`, and Node: in Bun and Deno it is refused (`ENOTSUP`).
   *
   * With 1 or more, JavaScript's thread only runs operators: that is best where it is busy most of the
   * time and the machine has cores to spare.
   */
  readonly threads?: number | 'auto';
  /** Methods that must not be used, as `'epoll'`. Default: none. @see `event_config_avoid_method()` */
  readonly avoidMethods?: readonly string[];
  /** Features that the method must have. Default: none. @see `event_config_require_features()` */
  readonly requireFeatures?: readonly EventFeature[];
  /** Whether `EVENT_NO…` variables of the environment switch methods off. Default: false. */
  readonly readEnvironment?: boolean;
  /**
   * Looks for new events after this many microseconds of callbacks, so that an urgent one does not wait
   * for all that is active. The most urgent level, 0, is never interrupted: it needs `priorities`.
   * Default: 0, never. @see `event_config_set_max_dispatch_interval()`
   */
  readonly maxDispatchIntervalUs?: number;
  /** As {@link EventBaseConfig.maxDispatchIntervalUs}, after this many callbacks. Default: 0, never. */
  readonly maxDispatchCallbacks?: number;
  /** Priority levels of events. Default: 1. Bounds: 1 to 255. @see `event_base_priority_init()` */
  readonly priorities?: number;
  /** Whether the loops run from the start. Default: true. @see `event_base_dispatch()` */
  readonly dispatch?: boolean;
  /**
   * Whether the loops end when the base has nothing left to wait for, as libevent's do by themselves;
   * `dispatched` says `'empty'`. Default: false. @see `EVLOOP_NO_EXIT_ON_EMPTY`
   */
  readonly exitOnEmpty?: boolean;
}

const FEATURE_BITS: Readonly<Record<EventFeature, number>> = native.layout.feature;
const FEATURES = Object.keys(FEATURE_BITS) as EventFeature[];

export function featureNames(bits: number): EventFeature[] {
  return FEATURES.filter((feature) => (bits & FEATURE_BITS[feature]) !== 0);
}

/** A list of words of which each is known; none is the default. */
const wordsOf =
  <T extends string>(choices: () => readonly T[]): Option<readonly T[]> =>
  (value = [], name) => {
    if (!Array.isArray(value)) {
      throw new TypeError(`${name} must be a list of words, got ${typeof value}`);
    }
    return value.map((word) => checkOneOf(name, word, choices()));
  };

const threadCount = option.integer('threads', 0, 64, 0);
const threadsOption: Option<number | 'auto'> = (value = 'auto', name, checked) =>
  value === 'auto' ? value : threadCount(value, name, checked);

const { turner: TURNER } = native.layout;

/**
 * How often a standby looks whether JavaScript keeps up. A tick costs it about 10 µs; three without a turn
 * let it take the base over, see `native/standby.cc`.
 */
const STANDBY_TICK_US = 2000;

/** @throws LibeventError `ENOTSUP` where JavaScript's thread cannot turn a base and nobody else is to */
function turnerOf(threads: number | 'auto'): number {
  if (threads === 'auto') return hasUvLoop() ? TURNER.either : TURNER.thread;
  if (threads > 0) return TURNER.thread;
  if (hasUvLoop()) return TURNER.javaScript;
  const detail =
    "this runtime has a loop of its own, in which JavaScript's thread cannot turn a base: take threads: 1";
  throw new LibeventError('ENOTSUP', 'uv_poll_init', { detail });
}

const OPTIONS = {
  threads: threadsOption,
  avoidMethods: wordsOf(() => native.supportedMethods()),
  requireFeatures: wordsOf(() => FEATURES),
  readEnvironment: option.flag(false),
  maxDispatchIntervalUs: option.integer('microseconds', 0, 60_000_000, 0),
  maxDispatchCallbacks: option.integer('callbacks', 0, 1_000_000, 0),
  priorities: option.integer('levels', 1, 255, 1),
  dispatch: option.flag(true),
  exitOnEmpty: option.flag(false),
} satisfies OptionTable<EventBaseConfig>;

/** Checks the options and fills in the defaults. */
export function eventBaseConfig(config: EventBaseConfig): ReactorConfig & {
  threads: number | 'auto';
  exitOnEmpty: boolean;
} {
  const { requireFeatures, ...options } = checkedOptions('config', config, OPTIONS);
  const bits = requireFeatures.map((feature) => FEATURE_BITS[feature]);
  return {
    ...options,
    features: bits.reduce((all, bit) => all | bit, 0),
    turner: turnerOf(options.threads),
    standbyTickUs: STANDBY_TICK_US,
  };
}
