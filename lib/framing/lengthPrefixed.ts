import type { OperatorFunction } from 'rxjs';
import { frames } from './frames';
import { LengthPrefix, type LengthPrefixConfig } from './LengthPrefix';
import { SizedDecoder } from './SizedDecoder';

/**
 * Cuts bytes into frames that say in front how long they are.
 *
 * "First the length, then this many bytes."
 *
 * ```
 * source                            --[02 a]---[b 01 c 00]---|
 * lengthPrefixed({ prefixBytes: 1 })  ---------ab-c-(empty)--|
 * ```
 *
 * A frame that announces more than `maxLength` is an error at once: no memory is set aside for it.
 * Memory for a frame grows with the bytes that have come, not with the number that was announced.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: the frames without their prefix, in order; Buffers, views as {@link frames} says. An
 *   empty frame is an empty Buffer.
 * - **Complete**: with the source.
 * - **Error**: the source's; `ERR_FRAME_TOO_LONG`; `ERR_FRAME_LENGTH` when a length that counts
 *   itself says less than its own bytes; `ERR_FRAME_TRUNCATED` when the source completes within a
 *   frame or its prefix.
 * - **Unsubscribe**: what is not part of an emitted frame, a prefix included, goes back to the
 *   connection.
 *
 * @param config - see {@link LengthPrefixConfig}; default: 4 bytes, the highest first, not
 * counting themselves, and 1048576 bytes at most
 * @throws TypeError or RangeError at the call when an option is out of its bounds
 *
 * @example
 * ```ts
 * conn.pipe(lengthPrefixed(), map((frame) => JSON.parse(frame.toString()))).subscribe(handle);
 * ```
 * @see {@link encodeLengthPrefixed}, {@link frames}; event2/buffer.h `evbuffer_copyout()`,
 * with which C programs look at a prefix
 */
export function lengthPrefixed(
  config: LengthPrefixConfig = {},
): OperatorFunction<Uint8Array, Buffer> {
  const prefix = new LengthPrefix(config);
  return frames(() => new SizedDecoder(prefix.bytes, (bytes, from) => prefix.sizeOf(bytes, from)));
}
