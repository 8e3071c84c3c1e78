/**
 * Cuts bytes into frames: a pure state machine, one for each subscription of {@link frames}.
 *
 * It is asked for one frame at a time, since the caller may stop after any of them. Everything
 * that it has taken and not given out as part of a frame is unused: it has to be able to hand
 * those bytes back, to the byte, after every frame.
 */
export interface FrameDecoder<T> {
  /**
   * Takes the next chunk. Called only when {@link FrameDecoder.read} has nothing more to give.
   * The chunk is the decoder's own.
   */
  write(chunk: Buffer): void;
  /**
   * The next frame, or undefined when it takes more bytes. A frame is never undefined.
   *
   * @throws when the bytes cannot be a frame; nothing more is asked of the decoder
   */
  read(): T | undefined;
  /**
   * Called after the last byte, until it gives undefined: what the tail makes, if anything.
   *
   * @throws when the tail cannot stay as it is
   */
  end(): T | undefined;
  /** Bytes that were written and are not part of any frame so far. */
  readonly unusedBytes: number;
  /** Gives those bytes away. The decoder is not used afterwards. */
  takeUnused(): Buffer;
}

/** A decoder that reads chunks in place: their memory is used again after the call. */
export interface BorrowingDecoder<T> extends FrameDecoder<T> {
  /** The call ends, and there is more to read: copies what it still needs of the last chunk. */
  keep(): void;
}
