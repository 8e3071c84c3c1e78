import { LibeventError } from '../common/LibeventError';
import { copyOf } from '../common/bytes';
import type { FrameDecoder } from './FrameDecoder';

/**
 * Looks for one frame at the front of the bytes.
 *
 * @param bytes - all that has come and is not part of a frame yet; at least one byte. A frame may be a
 *   view on them
 * @returns the frame, never undefined, and how many bytes it takes from the front, with all that
 *   surrounds it; or undefined when it takes more bytes than there are
 * @throws when the bytes cannot be a frame
 */
export type FrameParser<T> = (bytes: Buffer) => readonly [frame: T, bytesUsed: number] | undefined;

const EMPTY = Buffer.alloc(0);

/** The decoder of a {@link FrameParser}. */
export class ParsedDecoder<T> implements FrameDecoder<T> {
  /** Nobody else has this memory: a receiver of a frame may have given its memory away. */
  private bytes: Buffer = EMPTY;
  /** What the parser is given: a copy of {@link bytes}. */
  private copy: Buffer = EMPTY;
  private position = 0;

  constructor(
    private readonly parse: FrameParser<T>,
    private readonly maxLength: number,
  ) {}

  get unusedBytes(): number {
    return this.bytes.length - this.position;
  }

  write(chunk: Buffer): void {
    this.bytes = this.unusedBytes === 0 ? chunk : Buffer.concat([this.takeUnused(), chunk]);
    this.position = 0;
    this.copy = EMPTY;
  }

  read(): T | undefined {
    const { bytes, unusedBytes } = this;
    if (unusedBytes === 0) return undefined;
    if (this.copy.length !== bytes.length) this.copy = copyOf(bytes);
    const parsed: unknown = this.parse(this.copy.subarray(this.position));
    if (parsed === undefined) {
      if (unusedBytes >= this.maxLength) this.refuse(unusedBytes + 1);
      return undefined;
    }
    const [frame, bytesUsed] = checkParsed(parsed, unusedBytes);
    if (bytesUsed > this.maxLength) this.refuse(bytesUsed);
    this.position += bytesUsed;
    return frame as T;
  }

  end(): undefined {
    const length = this.unusedBytes;
    if (length === 0) return undefined;
    throw new LibeventError('ERR_FRAME_TRUNCATED', 'read', {
      detail: `the input ended after ${String(length)} bytes of a frame`,
      length,
    });
  }

  takeUnused(): Buffer {
    return this.bytes.subarray(this.position);
  }

  private refuse(length: number): never {
    const limit = this.maxLength;
    throw new LibeventError('ERR_FRAME_TOO_LONG', 'read', {
      detail: `a frame of ${String(length)} bytes or more is longer than ${String(limit)} bytes`,
      length,
      limit,
    });
  }
}

function checkParsed(parsed: unknown, most: number): readonly [frame: unknown, bytesUsed: number] {
  if (!Array.isArray(parsed) || parsed[0] === undefined) {
    throw new TypeError('a frame parser must return [frame, bytesUsed] or undefined');
  }
  const bytesUsed: unknown = parsed[1];
  if (!Number.isInteger(bytesUsed) || (bytesUsed as number) < 1 || (bytesUsed as number) > most) {
    throw new RangeError(
      `bytesUsed of a frame parser must be from 1 to the ${String(most)} bytes it was given, got ${String(bytesUsed)}`,
    );
  }
  return parsed as unknown as readonly [unknown, number];
}
