import { Observable, type OperatorFunction } from 'rxjs';
import { checkObject, checkOneOf } from '../common/check';
import type { Connection } from './Connection';
import { WHEN_SATURATED, type WhenSaturated } from './Output';
import { Sending } from './Sending';
import type { Chunk } from './Transport';

/** Options of {@link sendTo}. */
export interface SendToConfig {
  /**
   * What a saturated connection does with a value: `'hold'` the source and lose nothing, `'drop'`
   * the value (see {@link Connection.dropped}), or `'close'` the connection with `ERR_SATURATED`.
   * Default: `'hold'`.
   */
  readonly whenSaturated?: WhenSaturated;
}

/**
 * Writes every value to a connection and emits nothing.
 *
 * "Send it, and tell me when it has left."
 *
 * ```
 * source   --a--b--|
 * sendTo   -----------|   the bytes of b have left
 * ```
 *
 * The connection stays open; {@link serve} or `complete()` ends it.
 *
 * - **Subscribe**: subscribes to the source.
 * - **Next**: never.
 * - **Complete**: when the source has completed and its bytes have left, at once if they have; or when
 *   the connection has closed and nothing is lost.
 * - **Error**: the source's, or the connection's if its bytes cannot leave: `ECANCELED` when they
 *   waited as it was closed. A `TypeError` for a value that is neither bytes nor a string.
 * - **Unsubscribe**: from the source; what has been written still leaves.
 *
 * @param connection - where the values go
 * @see event2/bufferevent.h `bufferevent_write()`
 */
export function sendTo(
  connection: Connection,
  config: SendToConfig = {},
): OperatorFunction<Chunk, never> {
  checkObject('config', config);
  const whenSaturated = checkOneOf('whenSaturated', config.whenSaturated ?? 'hold', WHEN_SATURATED);
  return (source) =>
    new Observable<never>((subscriber) => {
      new Sending(subscriber, connection, whenSaturated).connect(source);
    });
}
