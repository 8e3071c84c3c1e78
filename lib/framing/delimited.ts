import type { Chunk } from '../common/Chunk';
import type { OperatorFunction } from 'rxjs';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { terminated } from './terminated';
import { TERMINATED_OPTIONS, type TerminatedConfig } from './TerminatedConfig';
import { terminatorOf } from './Terminator';

/** How {@link delimited} cuts. */
export interface DelimitedConfig extends TerminatedConfig {
  /** Whether frames keep their delimiter. Default: false. */
  readonly keepDelimiter?: boolean;
}

const OPTIONS = {
  ...TERMINATED_OPTIONS,
  encoding: option.oneOf(['utf8', 'latin1', 'buffer'], 'buffer'),
  keepDelimiter: option.flag(false),
} satisfies OptionTable<DelimitedConfig>;

/**
 * Cuts bytes into frames that end with given bytes.
 *
 * "Everything up to this mark."
 *
 * ```
 * source           --[a;]--[bc]--[d;;e]-|
 * delimited(';')   --a-----------bcd-(empty)-(e|)
 * ```
 *
 * The first delimiter counts, also where it is cut between chunks: with `'aa'`, the bytes `xaaa`
 * are the frame `x` and the beginning `a` of the next one.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: frames without their delimiter, in order; Buffers, views as {@link frames} says, or
 *   strings if `encoding` asks for them.
 * - **Complete**: with the source, after its tail: see {@link TerminatedConfig.whenUnfinished}.
 * - **Error**: the source's; `ERR_FRAME_TOO_LONG` and `ERR_FRAME_TRUNCATED` as chosen.
 * - **Unsubscribe**: what is not part of an emitted frame goes back to the connection.
 *
 * @param delimiter - 1 to 256 bytes; of a string, its UTF-8 bytes
 * @param config - see {@link DelimitedConfig}; default: Buffers, at most 65536 bytes
 * @throws TypeError or RangeError at the call when an option is out of its bounds
 *
 * @example
 * ```ts
 * conn.pipe(delimited('\r\n\r\n', { encoding: 'latin1', maxLength: 16384 }), take(1));
 * ```
 * @see {@link encodeDelimited}, {@link lines}, {@link frames}; event2/buffer.h `evbuffer_search()`
 */
export function delimited(
  delimiter: Chunk,
  config?: DelimitedConfig & { readonly encoding?: 'buffer' },
): OperatorFunction<Uint8Array, Buffer>;
export function delimited(
  delimiter: Chunk,
  config: DelimitedConfig & { readonly encoding: 'utf8' | 'latin1' },
): OperatorFunction<Uint8Array, string>;
export function delimited(
  delimiter: Chunk,
  config: DelimitedConfig = {},
): OperatorFunction<Uint8Array, string> | OperatorFunction<Uint8Array, Buffer> {
  const terminator = terminatorOf(delimiter);
  const options = checkedOptions('config', config, OPTIONS);
  return terminated(terminator, options, options.keepDelimiter);
}
