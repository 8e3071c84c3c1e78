import { native } from '../native';

const { outTail } = native.layout.control;

/**
 * Memory for small outgoing payloads: a ring of bytes that JavaScript fills and the reactor empties
 * in the order of the submissions.
 */
export class OutSlab {
  readonly bytes: Buffer;
  /** Where the next payload begins; equal to the tail when the ring is empty. */
  private head = 0;
  private tail = 0;

  constructor(
    private readonly control: Int32Array,
    size: number,
  ) {
    this.bytes = Buffer.from(new ArrayBuffer(size));
  }

  /** The offset for a payload of so many bytes at most, or -1 when there is no room now. */
  reserve(bytes: number): number {
    const offset = this.fit(bytes);
    if (offset >= 0) return offset;
    this.tail = Atomics.load(this.control, outTail);
    return this.fit(bytes);
  }

  /** Keeps what has been written at the offset that {@link reserve} gave. */
  commit(offset: number, bytes: number): void {
    this.head = offset + bytes;
  }

  /** One byte always stays free, so that a full ring does not look empty. */
  private fit(bytes: number): number {
    if (this.head < this.tail) return this.tail - this.head > bytes ? this.head : -1;
    if (this.bytes.length - this.head > bytes) return this.head;
    return this.tail > bytes ? 0 : -1;
  }
}
