import type { LibeventError } from '../common/LibeventError';
import type { TimeoutDirection } from './Timeouts';

/**
 * What happens on a connection beside its bytes.
 *
 * @see event2/bufferevent.h `BEV_EVENT_EOF`, `BEV_EVENT_ERROR`, `BEV_EVENT_TIMEOUT`
 */
export type ConnectionEvent =
  /** The peer has sent FIN, and all of its bytes have been read. */
  | { readonly type: 'eof' }
  /** Reading or writing has failed. */
  | { readonly type: 'error'; readonly direction: 'read' | 'write'; readonly error: LibeventError }
  /** No progress for as long as the timeout says. */
  | { readonly type: 'timeout'; readonly direction: TimeoutDirection }
  /** The peer has gone while bytes of it wait unread, because nobody reads. */
  | { readonly type: 'hangup'; readonly error: LibeventError | undefined }
  /** An option of the socket has not been set; the connection goes on. */
  | { readonly type: 'optionFailed'; readonly error: LibeventError }
  /** Output rose above the high mark. */
  | { readonly type: 'saturated' }
  /** Output fell to the low mark. */
  | { readonly type: 'drained' }
  /** A value came when the output had ended; it was not taken. */
  | { readonly type: 'refused' }
  /** All output and the FIN have been sent. */
  | { readonly type: 'finished' }
  /** The connection is gone. */
  | { readonly type: 'closed' };
