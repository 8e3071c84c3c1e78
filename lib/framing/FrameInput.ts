import { viewOn } from '../common/bytes';

const EMPTY = Buffer.alloc(0);

/**
 * The unused bytes of a decoder: the rest of the current chunk and, in front of it, what earlier
 * chunks have left over.
 *
 * A frame that lies within one chunk is used where it is. Only a frame that crosses chunks is
 * copied, once, into memory of its own. What is left of a chunk is copied too, so that a peer
 * which sends half a line and falls silent does not keep a whole slab alive.
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
  /** The memory of the chunk, and where it begins there: to ask a Buffer costs as much as a view. */
  private memory: ArrayBufferLike = EMPTY.buffer;
  private origin = 0;

  get unusedBytes(): number {
    return this.carried + this.chunk.length - this.position;
  }

  write(chunk: Buffer): void {
    this.chunk = chunk;
    this.position = 0;
    this.memory = chunk.buffer;
    this.origin = chunk.byteOffset;
  }

  /** The bytes of {@link FrameInput.used} between two indices, without a copy. */
  viewUsed(from: number, to: number): Buffer {
    if (this.used !== this.chunk) return this.used.subarray(from, to);
    return viewOn(this.memory, this.origin + from, to - from);
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
    const left = this.carry.subarray(bytes, this.carried);
    this.carry = left.length === 0 ? EMPTY : left;
    this.carried = left.length;
  }

  /**
   * Moves bytes from the chunk behind the left-over ones, until those are `bytes` in all.
   *
   * @param most - how many there will ever be, if that is known
   */
  gather(bytes: number, most = Infinity): void {
    if (bytes > this.carry.length) {
      const roomy = Math.min(bytes + (bytes >> 1) + 64, most);
      const larger = Buffer.allocUnsafe(Math.max(roomy, bytes));
      this.carry.copy(larger, 0, 0, this.carried);
      this.carry = larger;
    }
    const end = this.position + bytes - this.carried;
    this.chunk.copy(this.carry, this.carried, this.position, end);
    this.carried = bytes;
    this.position = end;
  }

  /** Puts the rest of the chunk with the left-over bytes and lets go of the chunk. */
  keep(most?: number): void {
    if (this.position < this.chunk.length) this.gather(this.unusedBytes, most);
    this.write(EMPTY);
    this.used = EMPTY;
  }

  takeUnused(): Buffer {
    if (this.carried > 0) this.keep();
    return this.carried > 0
      ? this.carry.subarray(0, this.carried)
      : this.chunk.subarray(this.position);
  }
}
