import type { OperatorFunction } from 'rxjs';
import type { FrameInput } from './FrameInput';
import { frames } from './frames';
import type { TerminatedOptions } from './TerminatedConfig';
import { TerminatedDecoder, type TerminatedRules } from './TerminatedDecoder';
import type { Terminator } from './Terminator';
import { TextWindow } from './TextWindow';

/** Bytes decoded at once. More does not get faster, and pins more: see {@link TextWindow}. */
const WINDOW_BYTES = 2048;

/** How a frame is made of bytes. */
const DECODE = {
  buffer: (input: FrameInput, from: number, to: number) => input.viewUsed(from, to),
  utf8: ({ used }: FrameInput, from: number, to: number) => used.toString('utf8', from, to),
  latin1: ({ used }: FrameInput, from: number, to: number) => used.toString('latin1', from, to),
};

/**
 * What {@link lines} and {@link delimited} are made of: chooses the way to decode.
 *
 * @param keep - whether frames keep their terminator
 */
export function terminated(
  terminator: Terminator,
  { encoding, maxLength, whenTooLong, whenUnfinished }: TerminatedOptions,
  keep: boolean,
): OperatorFunction<Uint8Array, string> | OperatorFunction<Uint8Array, Buffer> {
  // One literal: an object that is spread has hidden classes of its own, for each connection.
  const rulesOf = <T>(decode: TerminatedRules<T>['decode']): TerminatedRules<T> => ({
    terminator,
    keep,
    maxLength,
    whenTooLong,
    whenUnfinished,
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
