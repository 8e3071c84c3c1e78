import type { OperatorFunction } from 'rxjs';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { EOL_TERMINATORS, type EolStyle } from './EolStyle';
import { terminated } from './terminated';
import { TERMINATED_OPTIONS, type TerminatedConfig } from './TerminatedConfig';

/** How {@link lines} cuts. */
export interface LinesConfig extends TerminatedConfig {
  /** What ends a line. Default: `'crlf'`, LF with or without a CR in front. */
  readonly eol?: EolStyle;
  /**
   * Whether lines keep what ended them. Then a piece of a split line and an unfinished tail differ
   * from a whole line. Default: false. Not with `'any'`: where its end is over is known only
   * when the next line begins.
   */
  readonly keepEol?: boolean;
}

const OPTIONS = {
  ...TERMINATED_OPTIONS,
  encoding: option.oneOf(['utf8', 'latin1', 'buffer']),
  eol: option.oneOf(Object.keys(EOL_TERMINATORS) as EolStyle[], 'crlf'),
  keepEol: option.flag(false),
} satisfies OptionTable<LinesConfig>;

/**
 * Cuts bytes into lines.
 *
 * "One line at a time, whatever the packets look like."
 *
 * ```
 * source   --[he]--[llo\nwor]--[ld\r\n]--[!]-|
 * lines()  --------hello-------world---------(!|)
 * ```
 *
 * A character whose bytes are cut between two chunks stays whole. Any way to cut the same bytes
 * into chunks gives the same lines.
 *
 * Lines that are strings share memory in groups: a line of 13 or more characters that is kept
 * keeps up to 2 KiB around it. Lines that are Buffers are views and keep the memory of their chunk.
 *
 * An operator that ends early, such as `takeUntil`, belongs behind this one. In front of it, it would
 * make a last line of half a line; behind it, the half goes back to the connection.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: lines without their end, in order, none while the source is held.
 * - **Complete**: with the source, after its tail: see {@link TerminatedConfig.whenUnfinished}.
 * - **Error**: the source's, and then an unfinished line is given back; `ERR_FRAME_TOO_LONG` and
 *   `ERR_FRAME_TRUNCATED` as chosen.
 * - **Unsubscribe**: what is not part of an emitted line goes back to the connection.
 *
 * @param config - see {@link LinesConfig}; default: UTF-8 strings, `'crlf'`, at most 65536 bytes
 * @throws TypeError or RangeError at the call when an option is out of its bounds
 *
 * @example
 * ```ts
 * conn.pipe(lines(), map((line) => rot13(line) + '\n'), sendTo(conn));
 * ```
 * @example A line without an end comes in pieces, as they are.
 * ```ts
 * lines({ encoding: 'latin1', maxLength: 16384, whenTooLong: 'split', keepEol: true });
 * ```
 * @see {@link encodeLines}, {@link delimited}, {@link frames}; event2/buffer.h `evbuffer_readln()`
 */
export function lines(
  config?: LinesConfig & { readonly encoding?: 'utf8' | 'latin1' },
): OperatorFunction<Uint8Array, string>;
export function lines(
  config: LinesConfig & { readonly encoding: 'buffer' },
): OperatorFunction<Uint8Array, Buffer>;
export function lines(
  config?: LinesConfig,
): OperatorFunction<Uint8Array, string> | OperatorFunction<Uint8Array, Buffer> {
  return config === undefined ? defaultLines : linesOf(config);
}

function linesOf(
  config: LinesConfig,
): OperatorFunction<Uint8Array, string> | OperatorFunction<Uint8Array, Buffer> {
  const options = checkedOptions('config', config, OPTIONS);
  const { eol, keepEol } = options;
  if (keepEol && eol === 'any') {
    throw new TypeError(`keepEol does not go with eol 'any': its end shows only in the next line`);
  }
  return terminated(EOL_TERMINATORS[eol], options, keepEol);
}

/** Without options it is one operator for all: it keeps nothing of its own. */
const defaultLines = linesOf({});
