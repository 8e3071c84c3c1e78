import type { LibeventError } from '../common/LibeventError';

/** What an idle timeout looks at. */
export interface Idling {
  /** Bytes received and bytes sent, in all: while this number changes, nothing is idle. */
  readonly movedBytes: number;
  /** Nothing moves because of this side: it is held, and has nothing to send. */
  readonly rests: boolean;
  onTimeout(direction: 'idle'): void;
  /** There is no timer to watch it by, so it ends. */
  onUnwatched(error: LibeventError): void;
}

/** An idle timeout of one connection, until it is stopped. */
export interface IdleWatch {
  /** What {@link Idling.rests} says has changed, or may have: the time begins anew. */
  renew(): void;
  stop(): void;
}
