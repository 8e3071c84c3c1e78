import type { NativeReactor } from '../../../lib/native';

/** The table of lent memory, as the binding keeps it: refuses what the addon would refuse. */
export class LentMemory implements Pick<NativeReactor, 'lendMemory' | 'takeBack'> {
  readonly pieces = new Map<number, Buffer>();
  /** Bytes that are lent now, and the most that were. */
  bytes = 0;
  most = 0;

  lendMemory(piece: number, memory: Uint8Array): void {
    if (piece === 0) throw new Error('piece 0 is the read arena');
    if (this.pieces.has(piece)) throw new Error('lent twice');
    const { buffer, byteOffset, byteLength } = memory;
    // A view on a pool would share its memory with whatever else stands there.
    if (byteOffset !== 0 || buffer.byteLength !== byteLength) throw new Error('not private');
    this.pieces.set(piece, Buffer.from(buffer));
    this.bytes += byteLength;
    this.most = Math.max(this.most, this.bytes);
  }

  takeBack(piece: number): void {
    this.bytes -= this.bytesOf(piece).length;
    this.pieces.delete(piece);
  }

  bytesOf(piece: number): Buffer {
    const bytes = this.pieces.get(piece);
    if (bytes === undefined) throw new Error(`piece ${String(piece)} is not lent`);
    return bytes;
  }
}
