import type { Chunk } from '../common/Chunk';
import { byteLengthOf, copyBytes } from '../common/bytes';
import { checkBytes } from '../common/checkChunk';
import { map, type OperatorFunction } from 'rxjs';
import { LengthPrefix, type LengthPrefixConfig } from './LengthPrefix';

/**
 * Puts the length of each value in front of it.
 *
 * "Say how much there is, then say it."
 *
 * ```
 * source                                    --ab------c----|
 * encodeLengthPrefixed({ prefixBytes: 1 })  --[02 ab]-[01 c]--|
 * ```
 *
 * Prefix and value make one Buffer, so that a frame is written whole or not at all. The value is
 * copied into it.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: one Buffer for each value, which nobody else has; of a string, its UTF-8 bytes.
 * - **Complete**: with the source.
 * - **Error**: the source's; `ERR_FRAME_TOO_LONG` when a value has more than `maxLength` bytes, or
 *   more than the prefix can say.
 * - **Unsubscribe**: unsubscribes from the source; nothing is kept.
 *
 * @param config - see {@link LengthPrefixConfig}; has to be what the peer reads with
 * @throws TypeError or RangeError at the call when an option is out of its bounds
 *
 * @example
 * ```ts
 * answers.pipe(map((answer) => JSON.stringify(answer)), encodeLengthPrefixed(), sendTo(conn));
 * ```
 * @see {@link lengthPrefixed}; event2/buffer.h `evbuffer_prepend()`
 */
export function encodeLengthPrefixed(
  config: LengthPrefixConfig = {},
): OperatorFunction<Chunk, Buffer> {
  const prefix = new LengthPrefix(config);
  return map((value) => {
    const bytes = typeof value === 'string' ? value : checkBytes(value);
    const length = typeof bytes === 'string' ? Buffer.byteLength(bytes) : byteLengthOf(bytes);
    prefix.checkOutgoing(length);
    const frame = Buffer.allocUnsafe(prefix.bytes + length);
    prefix.write(frame, length);
    if (typeof bytes === 'string') frame.write(bytes, prefix.bytes);
    else copyBytes(bytes, frame, prefix.bytes);
    return frame;
  });
}
