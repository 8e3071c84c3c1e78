import type { LibeventError } from '../common/LibeventError';

/** What happens to a descriptor. @see event2/event.h `EV_READ`, `EV_WRITE`, `EV_TIMEOUT`, `EV_CLOSED` */
export type FdEventName = 'read' | 'write' | 'timeout' | 'closed';

/** In the order in which they are reported. */
export const FD_EVENTS: readonly FdEventName[] = ['read', 'write', 'timeout', 'closed'];

/** What is watched, and how. */
export interface FdWatchSpec {
  /** −1 for none: events by hand only. */
  readonly fd: number;
  readonly events: readonly FdEventName[];
  readonly edgeTriggered: boolean;
  /** Milliseconds, 0 for never. */
  readonly timeoutMs: number;
  readonly priority: number | undefined;
}

/** What a descriptor reports. Never from inside {@link FdWatches.start}. */
export interface FdWatchHandler {
  /** What has happened since the last call. No further call before {@link FdWatch.acknowledge}. */
  onFired(events: readonly FdEventName[]): void;
  /** No call follows. */
  onEnded(error: LibeventError | undefined): void;
}

export interface FdWatch {
  /** Watch or stop. Off at the start. */
  watch(on: boolean): void;
  /** The last events have been handled: a level-triggered descriptor is watched again. */
  acknowledge(): void;
  /** As if it had happened. */
  activate(event: FdEventName): void;
  stop(): void;
}

/** What carries events on descriptors: `event`s of a reactor, or a script in a test. */
export interface FdWatches {
  start(spec: FdWatchSpec, handler: FdWatchHandler): FdWatch;
}
