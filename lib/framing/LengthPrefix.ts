import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { frameBytes } from './frameBytes';

/** What {@link lengthPrefixed} and {@link encodeLengthPrefixed} have to agree upon. */
export interface LengthPrefixConfig {
  /** Bytes of the length in front of each frame. Default: 4. */
  readonly prefixBytes?: 1 | 2 | 4 | 8;
  /** Which byte of the length comes first: the highest or the lowest. Default: `'big'`. */
  readonly endian?: 'big' | 'little';
  /** Whether the length counts its own bytes too. Default: false. */
  readonly includesPrefix?: boolean;
  /**
   * Bytes of a frame at most, not counting the prefix. Default: 1048576. Bounds: 1 to 268435456.
   */
  readonly maxLength?: number;
}

const DEFAULT_MAX_LENGTH = 2 ** 20;

const OPTIONS = {
  prefixBytes: option.oneOf([1, 2, 4, 8], 4),
  endian: option.oneOf(['big', 'little']),
  includesPrefix: option.flag(false),
  maxLength: frameBytes(DEFAULT_MAX_LENGTH),
} satisfies OptionTable<LengthPrefixConfig>;

const UPPER_HALF = 2 ** 32;

/** {@link LengthPrefixConfig}, checked; reads and writes lengths. */
export class LengthPrefix {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly maxLength: number;
  private readonly little: boolean;
  private readonly counted: number;

  /**
   * @throws TypeError when an option is of the wrong kind
   * @throws RangeError when `maxLength` is out of bounds
   */
  constructor(config: LengthPrefixConfig) {
    const options = checkedOptions('config', config, OPTIONS);
    this.bytes = options.prefixBytes;
    this.little = options.endian === 'little';
    this.counted = options.includesPrefix ? this.bytes : 0;
    this.maxLength = options.maxLength;
  }

  /**
   * The size of the frame at `from`, with its prefix.
   *
   * @throws LibeventError when it says less than the size of its prefix, or more than `maxLength`
   */
  sizeOf(bytes: Buffer, from: number): number {
    const length = this.read(bytes, from) - this.counted;
    if (length < 0) {
      throw new LibeventError('ERR_FRAME_LENGTH', 'read', {
        detail: `a length prefix says ${String(length + this.counted)} bytes, and has ${String(this.bytes)} itself`,
        length: length + this.counted,
        limit: this.bytes,
      });
    }
    this.check('read', length, this.maxLength);
    return this.bytes + length;
  }

  /** Writes the prefix of a frame of `length` bytes, which has been checked, to `target`. */
  write(target: Buffer, length: number): void {
    const { bytes, little } = this;
    const value = length + this.counted;
    // Eight bytes are more than a Buffer writes at once. Lengths need no more than the lower four.
    const low = bytes === 8 ? 4 : bytes;
    if (bytes === 8) target.fill(0, 0, 8);
    if (little) target.writeUIntLE(value, 0, low);
    else target.writeUIntBE(value, bytes - low, low);
  }

  /** @throws LibeventError when `length` is more than `maxLength`, or than the prefix can say */
  checkOutgoing(length: number): void {
    const most = 2 ** (8 * this.bytes) - 1 - this.counted;
    this.check('write', length, Math.min(most, this.maxLength));
  }

  private check(call: 'read' | 'write', length: number, limit: number): void {
    if (length <= limit) return;
    throw new LibeventError('ERR_FRAME_TOO_LONG', call, {
      detail: `a frame of ${String(length)} bytes is longer than ${String(limit)} bytes`,
      length,
      limit,
    });
  }

  private read(bytes: Buffer, from: number): number {
    const { little } = this;
    switch (this.bytes) {
      case 1:
        return bytes.readUInt8(from);
      case 2:
        return little ? bytes.readUInt16LE(from) : bytes.readUInt16BE(from);
      case 4:
        return little ? bytes.readUInt32LE(from) : bytes.readUInt32BE(from);
      case 8:
        return little
          ? bytes.readUInt32LE(from) + bytes.readUInt32LE(from + 4) * UPPER_HALF
          : bytes.readUInt32BE(from) * UPPER_HALF + bytes.readUInt32BE(from + 4);
    }
  }
}
