import { checkInteger } from '../common/check';
import type { Chunk } from '../common/Chunk';
import { byteLengthOf } from '../common/bytes';
import { checkBytes } from '../common/checkChunk';
import { LibeventError } from '../common/LibeventError';
import { map, type OperatorFunction } from 'rxjs';
import { MAX_FRAME_BYTES } from './frameBytes';

/**
 * Passes values of exactly this many bytes, and refuses all others.
 *
 * "Better an error here than a peer that reads nonsense from now on."
 *
 * ```
 * source                --ab--cd--e
 * encodeFixedLength(2)  --ab--cd--#
 * ```
 *
 * Nothing is padded or cut: what to fill with is a question of the protocol.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: the same bytes, not copied; of a string, its UTF-8 bytes.
 * - **Complete**: with the source.
 * - **Error**: the source's; `ERR_FRAME_LENGTH` when a value is shorter or longer.
 * - **Unsubscribe**: unsubscribes from the source; nothing is kept.
 *
 * @param length - bytes of each value. Bounds: 1 to 268435456
 * @throws TypeError or RangeError at the call when `length` is not that
 *
 * @example
 * ```ts
 * packets.pipe(encodeFixedLength(188), sendTo(conn));
 * ```
 * @see {@link fixedLength}; event2/buffer.h `evbuffer_add()`
 */
export function encodeFixedLength(length: number): OperatorFunction<Chunk, Uint8Array> {
  checkInteger('length', length, 1, MAX_FRAME_BYTES, 'bytes');
  return map((value) => {
    const bytes = typeof value === 'string' ? Buffer.from(value) : checkBytes(value);
    const found = byteLengthOf(bytes);
    if (found === length) return bytes;
    throw new LibeventError('ERR_FRAME_LENGTH', 'write', {
      detail: `a frame has ${String(found)} bytes and needs ${String(length)} bytes`,
      length: found,
      limit: length,
    });
  });
}
