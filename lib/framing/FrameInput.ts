import { copyOf, viewOn } from '../common/bytes';

const EMPTY = Buffer.alloc(0);

/**
 * The unused bytes of a decoder: the rest of the current chunk and, in front of it, what earlier
 * chunks have left over.
 *
 * Chunks are borrowed. Frames that are Buffers are views on one copy of their chunk, made for the
 * first of them; a frame that crosses chunks is copied into memory of its own, and so is what is left
 * of a chunk.
 */
export class FrameInput {
  chunk: Buffer = EMPTY;
  /** The first unused byte of {@link FrameInput.chunk}. */
  position = 0;
  /** Left-over bytes: the first {@link FrameInput.carried} of this Buffer. */
  carry: Buffer = EMPTY;
  carried = 0;
  /** Where {@link FrameInput.use} found its bytes, and from which index on. */
  used: Buffer = EMPTY;
  usedFrom = 0;
  /** The copy of the chunk that frames are views on, and its memory: asking for that costs a call. */
  private copy: Buffer = EMPTY;
  private memory: ArrayBufferLike = EMPTY.buffer;

  get unusedBytes(): number {
    return this.carried + this.chunk.length - this.position;
  }

  write(chunk: Buffer): void {
    this.chunk = chunk;
    this.position = 0;
    this.copy = EMPTY;
  }

  /** The bytes of {@link FrameInput.used} between two indices, as the subscriber's own. */
  viewUsed(from: number, to: number): Buffer {
    if (this.used !== this.chunk) return this.used.subarray(from, to);
    // A receiver of a frame may have given its memory away: then the others get a new copy.
    if (this.copy.length !== this.chunk.length) {
      this.copy = copyOf(this.chunk);
      this.memory = this.copy.buffer;
    }
    return viewOn(this.memory, from, to - from);
  }

  /** One unused byte, counted from the first one. The caller knows that it is there. */
  byteAt(index: number): number {
    const byte =
      index < this.carried ? this.carry[index] : this.chunk[this.position + index - this.carried];
    return byte ?? 0;
  }

  /**
   * Takes the first `bytes` unused bytes out. They stand at {@link FrameInput.usedFrom} of
   * {@link FrameInput.used} and are never overwritten.
   */
  use(bytes: number): void {
    if (this.carried === 0) {
      this.used = this.chunk;
      this.usedFrom = this.position;
      this.position += bytes;
      return;
    }
    if (bytes > this.carried) this.gather(bytes, bytes);
    this.used = this.carry;
    this.usedFrom = 0;
    // The frame is the subscriber's: what is left behind it moves to memory of its own.
    this.carried -= bytes;
    this.carry =
      this.carried === 0 ? EMPTY : copyOf(this.carry.subarray(bytes, bytes + this.carried));
  }

  /**
   * Moves bytes from the chunk behind the left-over ones, until those are `bytes` in all.
   *
   * @param most - how many there will ever be, if that is known
   */
  gather(bytes: number, most = Infinity): void {
    if (bytes > this.carry.length) {
      const roomy = Math.min(bytes + (bytes >> 1) + 64, most);
      // Not from Node's pool, which strangers share.
      const larger = Buffer.allocUnsafeSlow(Math.max(roomy, bytes));
      this.carry.copy(larger, 0, 0, this.carried);
      this.carry = larger;
    }
    const end = this.position + bytes - this.carried;
    this.chunk.copy(this.carry, this.carried, this.position, end);
    this.carried = bytes;
    this.position = end;
  }

  /** Puts the rest of the chunk with the left-over bytes and releases the chunk. */
  keep(most?: number): void {
    if (this.position < this.chunk.length) this.gather(this.unusedBytes, most);
    this.write(EMPTY);
    this.used = EMPTY;
  }

  /** Copies the chunk: its memory is used again. Indices stay what they are. */
  own(): void {
    this.chunk = copyOf(this.chunk);
  }

  takeUnused(): Buffer {
    if (this.carried > 0) this.keep();
    return this.carried > 0
      ? this.carry.subarray(0, this.carried)
      : this.chunk.subarray(this.position);
  }
}
