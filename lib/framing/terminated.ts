import type { OperatorFunction } from 'rxjs';
import { checkOneOf } from '../common/check';
import { checkFrameBytes } from './checkFrameBytes';
import { frames } from './frames';
import type { FrameEncoding, TerminatedConfig } from './TerminatedConfig';
import { TerminatedDecoder, type TerminatedRules } from './TerminatedDecoder';
import type { Terminator } from './Terminator';
import { TextWindow } from './TextWindow';

const DEFAULT_MAX_LENGTH = 65_536;
/** Bytes decoded at once. More does not get faster, and pins more: see {@link TextWindow}. */
const WINDOW_BYTES = 2048;

/**
 * What {@link lines} and {@link delimited} are made of: checks the options and chooses the way to
 * decode.
 *
 * @param keep - whether frames keep their terminator
 * @throws TypeError or RangeError when an option is out of its bounds
 */
export function terminated(
  terminator: Terminator,
  config: TerminatedConfig,
  encoding: FrameEncoding,
  keep: boolean,
): OperatorFunction<Uint8Array, string> | OperatorFunction<Uint8Array, Buffer> {
  checkOneOf('encoding', encoding, ['utf8', 'latin1', 'buffer']);
  const maxLength = config.maxLength ?? DEFAULT_MAX_LENGTH;
  const rules = {
    terminator,
    keep,
    maxLength: checkFrameBytes('maxLength', maxLength),
    whenTooLong: checkOneOf('whenTooLong', config.whenTooLong ?? 'error', ['error', 'split']),
    whenUnfinished: checkOneOf('whenUnfinished', config.whenUnfinished ?? 'emit', [
      'emit',
      'error',
      'discard',
    ]),
    wholeCharacters: encoding === 'utf8',
  } satisfies Omit<TerminatedRules<never>, 'decode'>;
  if (encoding === 'buffer') {
    const toBuffer: TerminatedRules<Buffer> = {
      ...rules,
      decode: (bytes, from, to) => bytes.subarray(from, to),
    };
    return frames(() => new TerminatedDecoder(toBuffer));
  }
  const toText: TerminatedRules<string> = {
    ...rules,
    decode: (bytes, from, to) => bytes.toString(encoding, from, to),
  };
  if (!TextWindow.suits(terminator, encoding)) return frames(() => new TerminatedDecoder(toText));
  const size = Math.min(WINDOW_BYTES, maxLength);
  return frames(
    () => new TerminatedDecoder(toText, new TextWindow(terminator, encoding, size, keep)),
  );
}
