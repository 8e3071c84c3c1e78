import type { Chunk } from '../common/Chunk';
import { map, type OperatorFunction } from 'rxjs';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { EOL_TERMINATORS, type EolStyle } from './EolStyle';
import { terminate } from './terminate';

/** How {@link encodeLines} ends lines. */
export interface EncodeLinesConfig {
  /**
   * `'crlf'` and `'crlfStrict'` write CR LF, `'lf'` LF, `'nul'` a zero byte. Default: `'crlf'`.
   * `'any'` is a style to read, not to write.
   */
  readonly eol?: Exclude<EolStyle, 'any'>;
  /** How strings become bytes. Default: `'utf8'`. */
  readonly encoding?: 'utf8' | 'latin1';
}

const OPTIONS = {
  eol: option.oneOf(['crlf', 'crlfStrict', 'lf', 'nul']),
  encoding: option.oneOf(['utf8', 'latin1']),
} satisfies OptionTable<EncodeLinesConfig>;

const CRLF = Buffer.from('\r\n');

/**
 * Ends each value as a line.
 *
 * "And a line break behind it."
 *
 * ```
 * source         --hello------world------|
 * encodeLines()  --hello\r\n--world\r\n--|
 * ```
 *
 * A value that contains an end of line is refused, since it would arrive as two lines. Of latin1,
 * the bytes count: U+010A would be sent as LF.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: a string for a string, a new Buffer for bytes and for latin1.
 * - **Complete**: with the source.
 * - **Error**: the source's; `ERR_FRAME_DELIMITER` when a value contains the end of a line.
 * - **Unsubscribe**: unsubscribes from the source; nothing is kept.
 *
 * @param config - see {@link EncodeLinesConfig}; default: UTF-8 and CR LF
 * @throws TypeError at the call when an option is none of those
 *
 * @example
 * ```ts
 * conn.pipe(lines(), map((line) => rot13(line)), encodeLines({ eol: 'lf' }), sendTo(conn));
 * ```
 * @see {@link lines}; event2/buffer.h `evbuffer_add_printf()`
 */
export function encodeLines(
  config: EncodeLinesConfig = {},
): OperatorFunction<Chunk, string | Buffer> {
  const { eol, encoding } = checkedOptions('config', config, OPTIONS);
  const mark = EOL_TERMINATORS[eol].bytes;
  return map(terminate('line', eol === 'crlf' ? CRLF : mark, mark, encoding));
}
