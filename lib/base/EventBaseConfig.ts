import { native } from '../native';
import {
  checkInteger,
  checkOptions,
  type OptionTable,
  checkOneOf,
  checkBoolean,
} from '../common/check';
import type { ReactorConfig } from './ReactorConfig';

/** What a method can be asked to do. @see event2/event.h `enum event_method_feature` */
export type EventFeature = 'et' | 'o1' | 'fds' | 'earlyClose';

/** Options of an {@link EventBase}. */
export interface EventBaseConfig {
  /**
   * Reactor threads, each with an `event_base` of its own; with 0 there is one `event_base` that
   * JavaScript's thread turns, between its other work. Default: 1. Bounds: 0 to 64.
   *
   * Without a thread nothing crosses from one to another, which is cheapest where one request at a time
   * is under way or cores are few; while JavaScript is busy nothing is sent, and no peer is heard. It
   * needs the method `epoll`.
   */
  readonly threads?: number;
  /** Methods that must not be used, as `'epoll'`. Default: none. @see `event_config_avoid_method()` */
  readonly avoidMethods?: readonly string[];
  /** Features that the method must have. Default: none. @see `event_config_require_features()` */
  readonly requireFeatures?: readonly EventFeature[];
  /** Whether `EVENT_NO…` variables of the environment switch methods off. Default: false. */
  readonly readEnvironment?: boolean;
  /**
   * Looks for new events after so many microseconds of callbacks, so that an urgent one does not wait
   * for all that is active. The most urgent level, 0, is never interrupted: it needs `priorities`.
   * Default: 0, never. @see `event_config_set_max_dispatch_interval()`
   */
  readonly maxDispatchIntervalUs?: number;
  /** As {@link EventBaseConfig.maxDispatchIntervalUs}, after so many callbacks. Default: 0, never. */
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

const OPTIONS: OptionTable<EventBaseConfig> = {
  threads: true,
  avoidMethods: true,
  requireFeatures: true,
  readEnvironment: true,
  maxDispatchIntervalUs: true,
  maxDispatchCallbacks: true,
  priorities: true,
  dispatch: true,
  exitOnEmpty: true,
};

const FEATURE_BITS: Readonly<Record<EventFeature, number>> = native.layout.feature;
const FEATURES = Object.keys(FEATURE_BITS) as EventFeature[];

export function featureNames(bits: number): EventFeature[] {
  return FEATURES.filter((feature) => (bits & FEATURE_BITS[feature]) !== 0);
}

function checkList<T extends string>(name: string, list: readonly T[] = []): readonly T[] {
  const value: unknown = list;
  if (!Array.isArray(value)) {
    throw new TypeError(`${name} must be a list of words, got ${typeof value}`);
  }
  return list;
}

/** Checks the options and fills in the defaults. */
export function eventBaseConfig(config: EventBaseConfig): ReactorConfig & {
  threads: number;
  exitOnEmpty: boolean;
} {
  checkOptions('config', config, OPTIONS);
  const number = (name: keyof EventBaseConfig, unit: string, least: number, most: number) =>
    checkInteger(name, config[name] ?? least, least, most, unit);
  const avoidMethods = [...checkList('avoidMethods', config.avoidMethods)];
  const known = native.supportedMethods();
  for (const method of avoidMethods) checkOneOf('avoidMethods', method, known);
  let features = 0;
  for (const feature of checkList('requireFeatures', config.requireFeatures)) {
    features |= FEATURE_BITS[checkOneOf('requireFeatures', feature, FEATURES)];
  }
  const threads = checkInteger('threads', config.threads ?? 1, 0, 64, 'threads');
  return {
    threads,
    thread: threads > 0,
    avoidMethods,
    features,
    readEnvironment: checkBoolean('readEnvironment', config.readEnvironment ?? false),
    maxDispatchIntervalUs: number('maxDispatchIntervalUs', 'microseconds', 0, 60_000_000),
    maxDispatchCallbacks: number('maxDispatchCallbacks', 'callbacks', 0, 1_000_000),
    priorities: number('priorities', 'levels', 1, 255),
    dispatch: checkBoolean('dispatch', config.dispatch ?? true),
    exitOnEmpty: checkBoolean('exitOnEmpty', config.exitOnEmpty ?? false),
  };
}
