import { Observable, type OperatorFunction } from 'rxjs';
import { checkFunction } from '../common/check';
import { checkedOptions, type OptionTable } from '../common/options';
import type { FrameDecoder } from './FrameDecoder';
import { Framer } from './Framer';
import { type FrameParser, ParsedDecoder } from './ParsedDecoder';
import { frameBytes } from './frameBytes';

/** Options of {@link frames} with a parser. */
export interface FramesConfig {
  /**
   * Bytes of a frame at most, with all that surrounds it: `ERR_FRAME_TOO_LONG` when the parser finds
   * none in this many. Default: 65536. Bounds: 1 to 268435456.
   */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 65_536;

const OPTIONS = { maxLength: frameBytes(DEFAULT_MAX_LENGTH) } satisfies OptionTable<FramesConfig>;

/**
 * Makes an operator of a parser or of a decoder: every framing operator here is one.
 *
 * "Cut it like this, and mind the back-pressure for me."
 *
 * ```
 * source   --[aab]-----[b]---|
 * frames   --aa--------bb----|
 *
 * source   --[aabbcc]---------------
 * hold       (at aa)   release
 * frames   --aa---------------bb-cc-
 *
 * source   --[aabb]!           unread(bb)
 * take(1)  --aa|
 * ```
 *
 * A chunk may hold many frames. When one of them makes somebody hold the source, the frames behind
 * it wait until the source goes on, and come before anything newer. When one of them is the last
 * that is wanted, the bytes behind it go back to the connection and wait for its next subscriber,
 * so a protocol can be switched between two frames:
 * `concat(conn.pipe(lines(), take(1)), conn.pipe(lengthPrefixed()))`.
 *
 * Bytes go back only to where they came from: if an operator between the connection and this one
 * has changed the chunks, or chunks of several connections are mixed, nothing is given back.
 *
 * - **Subscribe**: cold; makes a decoder and subscribes to the source.
 * - **Next**: frames in the order of their bytes, none while the source is held. Frames that are
 *   Buffers and were cut from one chunk are views on one copy of it, which belongs to this
 *   subscriber alone and is shared with no other connection. Keeping one keeps the copy.
 * - **Complete**: with the source, after the frames that wait and what the decoder makes of the
 *   tail.
 * - **Error**: the source's, after the frames that wait, with the unused bytes given back first;
 *   and what the decoder throws. Then the bytes are dropped, since nobody could say where the next
 *   frame begins, and a `retry` would only find the same bytes again.
 * - **Unsubscribe**: unsubscribes from the source, then gives the unused bytes back in one piece.
 *
 * A **parser** is a function of the bytes that have come: it returns the first frame and how many bytes
 * that takes, or undefined when it takes more. It is asked again, from the front, when more have come,
 * so it keeps no state. A tail that is no frame when the source completes is `ERR_FRAME_TRUNCATED`.
 *
 * A function with a parameter looks for one frame, see {@link FrameParser}. A function without one makes
 * the decoder of one subscription, which need not begin from the front again.
 *
 * @throws TypeError, RangeError for options of wrong type or out of bounds
 *
 * @example
 * ```ts
 * // A type, a length, and this many bytes.
 * const records = frames((bytes) => {
 *   if (bytes.length < 2 || bytes.length < 2 + bytes[1]) return undefined;
 *   return [{ type: bytes[0], value: bytes.subarray(2, 2 + bytes[1]) }, 2 + bytes[1]];
 * });
 * ```
 * @see {@link FrameParser}, {@link FrameDecoder}, {@link lines}, {@link delimited}, {@link lengthPrefixed},
 * {@link fixedLength}
 */
export function frames<T>(
  parse: FrameParser<T>,
  config?: FramesConfig,
): OperatorFunction<Uint8Array, T>;
export function frames<T>(createDecoder: () => FrameDecoder<T>): OperatorFunction<Uint8Array, T>;
export function frames<T>(
  first: FrameParser<T> | (() => FrameDecoder<T>),
  config: FramesConfig = {},
): OperatorFunction<Uint8Array, T> {
  checkFunction('parse', first);
  const { maxLength } = checkedOptions('config', config, OPTIONS);
  const createDecoder =
    first.length === 0
      ? (first as () => FrameDecoder<T>)
      : () => new ParsedDecoder(first as FrameParser<T>, maxLength);
  return (source) =>
    new Observable<T>((subscriber) => {
      new Framer(subscriber, createDecoder()).connect(source);
    });
}
