import { LibeventError } from '../common/LibeventError';
import type { BorrowingDecoder } from './FrameDecoder';
import { FrameInput } from './FrameInput';

/** Cuts bytes into frames whose size is known from their first bytes. */
export class SizedDecoder implements BorrowingDecoder<Buffer> {
  private readonly input = new FrameInput();

  /**
   * @param headerBytes - bytes that hold the size; they are not part of what is emitted
   * @param sizeOf - the size of a whole frame, header included, as the header at `from` says;
   * throws when that is not allowed
   */
  constructor(
    private readonly headerBytes: number,
    private readonly sizeOf: (bytes: Buffer, from: number) => number,
  ) {}

  get unusedBytes(): number {
    return this.input.unusedBytes;
  }

  takeUnused(): Buffer {
    return this.input.takeUnused();
  }

  write(chunk: Buffer): void {
    this.input.write(chunk);
  }

  keep(): void {
    this.input.own();
  }

  read(): Buffer | undefined {
    const { headerBytes, input } = this;
    const available = input.unusedBytes;
    const size = available < headerBytes ? undefined : this.size();
    if (size === undefined || available < size) {
      input.keep(size);
      return undefined;
    }
    input.use(size);
    return input.viewUsed(input.usedFrom + headerBytes, input.usedFrom + size);
  }

  end(): Buffer | undefined {
    const { headerBytes, input } = this;
    const length = input.unusedBytes;
    if (length === 0) return undefined;
    const limit = length < headerBytes ? headerBytes : this.size();
    const whole = length < headerBytes ? 'length prefix' : 'frame';
    throw new LibeventError('ERR_FRAME_TRUNCATED', 'read', {
      detail: `the input ended after ${String(length)} bytes of a ${whole} of ${String(limit)} bytes`,
      length,
      limit,
    });
  }

  private size(): number {
    const { headerBytes, input } = this;
    if (input.carried === 0) return this.sizeOf(input.chunk, input.position);
    if (input.carried < headerBytes) input.gather(headerBytes);
    return this.sizeOf(input.carry, 0);
  }
}
