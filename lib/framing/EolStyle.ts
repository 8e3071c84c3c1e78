import type { Terminator } from './Terminator';

/**
 * libevent's five ways to end a line.
 *
 * - `'any'`: any sequence of CR and LF, however long. It ends one line, also where it is cut
 *   between two chunks; libevent, which looks at its buffer only, finds two ends there.
 * - `'crlf'`: LF, optionally preceded by one CR.
 * - `'crlfStrict'`: CR followed by LF. Either of them alone belongs to the line.
 * - `'lf'`: LF. A CR in front of it belongs to the line.
 * - `'nul'`: a byte with value 0.
 *
 * @see event2/buffer.h `enum evbuffer_eol_style`, `evbuffer_readln()`
 */
export type EolStyle = 'any' | 'crlf' | 'crlfStrict' | 'lf' | 'nul';

function eol(text: string, optionalCr = false, anyRun = false): Terminator {
  return { frame: 'line', bytes: Buffer.from(text), optionalCr, anyRun };
}

export const EOL_TERMINATORS: Readonly<Record<EolStyle, Terminator>> = {
  any: eol('\n', false, true),
  crlf: eol('\n', true),
  crlfStrict: eol('\r\n'),
  lf: eol('\n'),
  nul: eol('\0'),
};
