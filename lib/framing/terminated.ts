import type { OperatorFunction } from 'rxjs';
import { checkOneOf } from '../common/check';
import { checkFrameBytes } from './checkFrameBytes';
import type { FrameInput } from './FrameInput';
import { frames } from './frames';
import type { FrameEncoding, TerminatedConfig } from './TerminatedConfig';
import { TerminatedDecoder, type TerminatedRules } from './TerminatedDecoder';
import type { Terminator } from './Terminator';
import { TextWindow } from './TextWindow';

const DEFAULT_MAX_LENGTH = 65_536;
/** Bytes decoded at once. More does not get faster, and pins more: see {@link TextWindow}. */
const WINDOW_BYTES = 2048;

/** How a frame is made of bytes. */
const DECODE = {
  buffer: (input: FrameInput, from: number, to: number) => input.viewUsed(from, to),
  utf8: ({ used }: FrameInput, from: number, to: number) => used.toString('utf8', from, to),
  latin1: ({ used }: FrameInput, from: number, to: number) => used.toString('latin1', from, to),
};

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
  // One literal: an object that is spread has hidden classes of its own, for each connection.
  const rulesOf = <T>(decode: TerminatedRules<T>['decode']): TerminatedRules<T> => ({
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
    decode,
  });
  if (encoding === 'buffer') {
    const rules = rulesOf(DECODE.buffer);
    return frames(() => new TerminatedDecoder(rules));
  }
  const rules = rulesOf(DECODE[encoding]);
  if (!TextWindow.suits(terminator, encoding)) return frames(() => new TerminatedDecoder(rules));
  const size = Math.min(WINDOW_BYTES, maxLength);
  return frames(
    () => new TerminatedDecoder(rules, new TextWindow(terminator, encoding, size, keep)),
  );
}
