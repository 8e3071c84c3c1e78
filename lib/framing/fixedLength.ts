import { checkInteger } from '../common/check';
import type { OperatorFunction } from 'rxjs';
import { MAX_FRAME_BYTES } from './frameBytes';
import { frames } from './frames';
import { SizedDecoder } from './SizedDecoder';

/**
 * Cuts bytes into frames of one length.
 *
 * "This many bytes at a time, please."
 *
 * ```
 * source          --[abc]--[d]-----[efgh]-|
 * fixedLength(2)  --ab-----cd------ef-gh--|
 * ```
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: Buffers of `length` bytes, in order; views, as {@link frames} says.
 * - **Complete**: with the source.
 * - **Error**: the source's; `ERR_FRAME_TRUNCATED` when it completes within a frame.
 * - **Unsubscribe**: what is not part of an emitted frame goes back to the connection.
 *
 * @param length - bytes of each frame. Bounds: 1 to 268435456
 * @throws TypeError or RangeError at the call when `length` is not that
 *
 * @example
 * ```ts
 * conn.pipe(fixedLength(188)).subscribe((packet) => demultiplex(packet));
 * ```
 * @see {@link encodeFixedLength}, {@link frames}; event2/buffer.h `evbuffer_remove()`
 */
export function fixedLength(length: number): OperatorFunction<Uint8Array, Buffer> {
  checkInteger('length', length, 1, MAX_FRAME_BYTES, 'bytes');
  return frames(() => new SizedDecoder(0, () => length));
}
