import type { Chunk } from '../common/Chunk';
import { copyOf } from '../common/bytes';
import { checkBytes } from '../common/checkChunk';
import { checkInteger } from '../common/check';

/** What ends a frame of {@link lines} or {@link delimited}. */
export interface Terminator {
  /** How messages name the frame and its end. */
  readonly frame: string;
  readonly bytes: Buffer;
  /** One CR in front of it belongs to it. */
  readonly optionalCr: boolean;
  /** Any run of CR and LF, instead of {@link Terminator.bytes}. */
  readonly anyRun: boolean;
}

const MAX_DELIMITER_BYTES = 256;

/**
 * Checks the bytes that are to end a frame, and takes a copy of them.
 *
 * @param delimiter - the bytes, or a string of which the UTF-8 bytes count; 1 to 256 of them
 * @throws TypeError when it is neither string nor bytes
 * @throws RangeError when it is empty or too long
 */
export function terminatorOf(delimiter: Chunk): Terminator {
  if (typeof delimiter !== 'string' && !ArrayBuffer.isView(delimiter)) {
    throw new TypeError(`delimiter must be a string or a typed array, got ${typeof delimiter}`);
  }
  const bytes =
    typeof delimiter === 'string' ? Buffer.from(delimiter) : copyOf(checkBytes(delimiter));
  checkInteger('delimiter: its length', bytes.length, 1, MAX_DELIMITER_BYTES, 'bytes');
  return { frame: 'frame', bytes, optionalCr: false, anyRun: false };
}
