import type { LibeventError } from '../common/LibeventError';
import type { CheckedChunk } from '../common/Chunk';
import type { TimeoutDirection } from './Timeouts';

/** What a test, or a recording, sees of a connection, at once and in order. */
export interface ConnectionObserver {
  /** Reading begins or stops. */
  onDemand(on: boolean): void;
  /** Bytes, or text in the connection's encoding, go to the transport. */
  onWrite(chunk: CheckedChunk): void;
  /** A hold has come or gone: the causes that hold now. */
  onHolds(causes: readonly unknown[]): void;
  onSaturation(saturated: boolean): void;
  /** Returns what is called when the subscriber has gone. */
  onSubscribed?(): () => void;
  onData?(chunk: Buffer): void;
  /** Subscribers are about to be given a chunk. */
  onEmit?(chunk: Buffer): void;
  /** A subscriber has given bytes back. */
  onGivenBack?(bytes: number): void;
  onEnd?(error: LibeventError | undefined): void;
  onTimeout?(direction: TimeoutDirection): void;
  /**
   * The session that `serve` runs has failed. Handled: there is an `onError`. Returns whether it is taken
   * note of; otherwise the process warns where there is none.
   */
  onSessionError?(error: unknown, isHandled: boolean): boolean;
}
