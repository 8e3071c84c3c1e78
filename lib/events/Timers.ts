import type { LibeventError } from '../common/LibeventError';

/** When a timer fires. */
export interface TimerSpec {
  /** Milliseconds from now. */
  readonly dueMs: number;
  /** Milliseconds between one expiration and the next; undefined to fire once. */
  readonly periodMs: number | undefined;
  /** Whether it stands in a queue with all timers of its duration. */
  readonly common: boolean;
  /** Whether it keeps the process alive. Default: true. */
  readonly ref?: boolean;
  /** Undefined for the base's default. */
  readonly priority: number | undefined;
}

/** What a timer reports. Never from inside {@link Timers.start}. */
export interface TimerHandler {
  /** @param expirations - how many points of the grid have passed since the last call: 1 or more */
  onFired(expirations: number): void;
  /** No call follows: the base has been closed, or has failed. */
  onEnded(error: LibeventError | undefined): void;
}

export interface TimerHandle {
  stop(): void;
}

/**
 * What carries timers: `evtimer`s of a reactor, or virtual time in a test. It decides nothing;
 * `timer` and the scheduler do.
 */
export interface Timers {
  /** Milliseconds since the epoch, with fractions. Never goes back. */
  now(): number;
  /** Why nothing can be started any more: the base is closed. */
  readonly refusal: LibeventError | undefined;
  /** @throws LibeventError the {@link Timers.refusal}; `ENOBUFS` where the base has no room */
  start(spec: TimerSpec, handler: TimerHandler): TimerHandle;
}
