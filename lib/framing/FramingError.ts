/** What can be wrong with a frame. */
export type FramingErrorCode =
  'ERR_FRAME_TOO_LONG' | 'ERR_FRAME_TRUNCATED' | 'ERR_FRAME_LENGTH' | 'ERR_FRAME_DELIMITER';

/** The figures of a {@link FramingError}. */
export interface FramingErrorInfo {
  /** Bytes that the frame has, at least, or says that it has. */
  readonly length: number;
  /** Bytes that the frame may have, or ought to have. Absent where no number was broken. */
  readonly limit?: number;
}

/**
 * Bytes that do not make a frame, or a value that cannot be sent as one.
 *
 * "This is not what we agreed upon."
 *
 * - `ERR_FRAME_TOO_LONG`: longer than `maxLength`, or than a length prefix can say.
 * - `ERR_FRAME_TRUNCATED`: the input ended within a frame.
 * - `ERR_FRAME_LENGTH`: a length that cannot be right: a prefix that counts itself and says less
 *   than its own size, or a value that is not as long as {@link encodeFixedLength} needs.
 * - `ERR_FRAME_DELIMITER`: a value to be sent contains what would end it early.
 *
 * @example
 * ```ts
 * conn.pipe(lines({ maxLength: 512 })).subscribe({
 *   error: (error) => error.code === 'ERR_FRAME_TOO_LONG' && conn.next('500 line too long\r\n'),
 * });
 * ```
 */
export class FramingError extends Error {
  override readonly name = 'FramingError';
  readonly code: FramingErrorCode;
  readonly length: number;
  readonly limit: number | undefined;
  /** What {@link FramingError.length} and {@link FramingError.limit} count. */
  readonly unit = 'bytes';

  constructor(code: FramingErrorCode, message: string, info: FramingErrorInfo) {
    super(message);
    this.code = code;
    this.length = info.length;
    this.limit = info.limit;
  }
}
