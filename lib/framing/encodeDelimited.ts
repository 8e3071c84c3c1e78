import type { Chunk } from '../common/Chunk';
import { map, type OperatorFunction } from 'rxjs';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { terminate } from './terminate';
import { terminatorOf } from './Terminator';

/** How {@link encodeDelimited} makes bytes of strings. */
export interface EncodeDelimitedConfig {
  /** How strings become bytes. Default: `'utf8'`. */
  readonly encoding?: 'utf8' | 'latin1';
}

const OPTIONS = {
  encoding: option.oneOf(['utf8', 'latin1']),
} satisfies OptionTable<EncodeDelimitedConfig>;

/**
 * Puts the delimiter behind each value.
 *
 * "And the mark behind it."
 *
 * ```
 * source                --a---bc--|
 * encodeDelimited(';')  --a;--bc;-|
 * ```
 *
 * A value that contains the delimiter is refused, since it would arrive as two frames; so is one
 * whose last bytes and the delimiter make an earlier delimiter.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: a string for a string, if the delimiter is ASCII and the encoding UTF-8; otherwise a
 *   new Buffer.
 * - **Complete**: with the source.
 * - **Error**: the source's; `ERR_FRAME_DELIMITER` when a value contains the delimiter.
 * - **Unsubscribe**: unsubscribes from the source; nothing is kept.
 *
 * @param delimiter - 1 to 256 bytes; of a string, its UTF-8 bytes
 * @param config - see {@link EncodeDelimitedConfig}
 * @throws TypeError or RangeError at the call when an option is out of its bounds
 *
 * @example
 * ```ts
 * records.pipe(encodeDelimited('\0'), sendTo(conn));
 * ```
 * @see {@link delimited}; event2/buffer.h `evbuffer_add()`
 */
export function encodeDelimited(
  delimiter: Chunk,
  config: EncodeDelimitedConfig = {},
): OperatorFunction<Chunk, string | Buffer> {
  const { bytes } = terminatorOf(delimiter);
  const { encoding } = checkedOptions('config', config, OPTIONS);
  return map(terminate('frame', bytes, bytes, encoding));
}
