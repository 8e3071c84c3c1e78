import type { LibeventError } from '../common/LibeventError';
import type { ConnectionObserver } from './ConnectionObserver';

/** Notified once, when nothing can be sent any more. */
export interface OutputListener {
  /**
   * @param error - if output was lost
   * @param how - in order, when all has been sent; or cut
   */
  onOutputEnded(error: LibeventError | undefined, how: 'inOrder' | 'cut'): void;
}

/** What {@link Output} asks of its connection. */
export interface OutputOwner {
  readonly observer: ConnectionObserver | undefined;
  /** Output has risen above the high mark, or has fallen to the low mark: alternating. */
  onSaturation(change: 'saturated' | 'drained'): void;
  /** A value came when none was taken any more. */
  onRefused(): void;
  /** Ends the connection because of a value that is not written: with RST, as it is cut short. */
  onOverflow(error: LibeventError): void;
}
