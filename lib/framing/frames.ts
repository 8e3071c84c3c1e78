import { Observable, type OperatorFunction } from 'rxjs';
import type { FrameDecoder } from './FrameDecoder';
import { Framer } from './Framer';

/**
 * Makes an operator of a decoder: every framing operator here is one.
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
 * @param createDecoder - makes the decoder of one subscription
 * @see {@link FrameDecoder}, {@link lines}, {@link delimited}, {@link lengthPrefixed},
 * {@link fixedLength}
 */
export function frames<T>(createDecoder: () => FrameDecoder<T>): OperatorFunction<Uint8Array, T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      new Framer(subscriber, createDecoder()).connect(source);
    });
}
