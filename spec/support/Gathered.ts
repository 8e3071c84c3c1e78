/** Pieces of bytes as a whole, which may be looked at after each one: none is copied more than a few times. */
export class Gathered {
  private memory = Buffer.alloc(4096);
  private length = 0;

  add(piece: Uint8Array): void {
    const length = this.length + piece.length;
    if (length > this.memory.length) {
      const memory = Buffer.alloc(2 * length);
      this.bytes.copy(memory);
      this.memory = memory;
    }
    this.memory.set(piece, this.length);
    this.length = length;
  }

  get bytes(): Buffer {
    return this.memory.subarray(0, this.length);
  }
}
