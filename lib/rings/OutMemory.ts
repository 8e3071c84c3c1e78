import { byteLengthOf, copyBytes } from '../common/bytes';
import { LibeventError } from '../common/LibeventError';
import { native, type NativeReactor } from '../native';

const { pieces, releaseBit } = native.layout.memory;

const BLOCK_BYTES = 1 << 18;
/** Blocks that are kept although nothing uses them. */
const SPARE_BLOCKS = 4;
/** Payloads of this size and below share blocks; larger ones have a piece of their own. */
export const SHARED_BYTES = 1 << 16;

/** Memory that many payloads share, filled from front to back. */
interface Block {
  readonly piece: number;
  readonly bytes: Buffer;
  /** The number of the last submission that names it. */
  last: number;
}

/** Memory of one large payload, however many connections it goes to. */
interface Large {
  readonly bytes: Buffer;
  /** Where the bytes came from. */
  readonly source: Uint8Array;
  uses: number;
}

/**
 * The private memory that written bytes are copied into before `next` returns, in pieces that the
 * reactor may read. A block that payloads share is free again when the reactor has taken the last
 * submission that names it; a large payload's piece comes back by a completion for each use.
 */
export class OutMemory {
  private readonly free: number[] = [];
  /** Piece 0 is the read arena. */
  private count = 1;
  private readonly larges = new Map<number, Large>();
  private readonly blocks = new Map<number, Block>();
  private latest = -1;
  private readonly busy: Block[] = [];
  private readonly spare: Block[] = [];
  private block: Block | undefined;
  private used = 0;

  /**
   * @param lastPushed - the number of the last submission
   * @param taken - whether the reactor has taken the submission of that number
   */
  constructor(
    private readonly reactor: Pick<NativeReactor, 'lendMemory' | 'takeBack'>,
    private readonly lastPushed: () => number,
    private readonly taken: (sequence: number) => boolean,
  ) {}

  /** A block with room for `bytes`, at most {@link SHARED_BYTES}, from {@link OutMemory.offset} on. */
  reserve(bytes: number): Buffer {
    if (this.block === undefined || BLOCK_BYTES - this.used < bytes) this.nextBlock();
    return (this.block as Block).bytes;
  }

  get offset(): number {
    return this.used;
  }

  /** The piece of the block that {@link OutMemory.reserve} gave; the bytes in it are kept. */
  commit(bytes: number): number {
    this.used += bytes;
    return (this.block as Block).piece;
  }

  /** The piece of a large payload, for one submission: with the bit that has it given back. */
  large(source: Uint8Array): number {
    const latest = this.larges.get(this.latest);
    // One payload to many connections is one piece, unless it has been changed in between.
    if (latest?.source === source && same(latest.bytes, source)) {
      latest.uses += 1;
      return this.latest | releaseBit;
    }
    const bytes = Buffer.allocUnsafeSlow(byteLengthOf(source));
    copyBytes(source, bytes, 0);
    this.latest = this.lend(bytes);
    this.larges.set(this.latest, { bytes, source, uses: 1 });
    return this.latest | releaseBit;
  }

  /** A use of a large payload has ended. */
  release(piece: number): void {
    const large = this.larges.get(piece);
    if (large === undefined) return;
    large.uses -= 1;
    if (large.uses > 0) return;
    this.larges.delete(piece);
    this.takeBack(piece);
  }

  /** 32 bits in a block, in the machine's byte order. */
  wordAt(piece: number, offset: number): number {
    const block = this.blocks.get(piece) as Block;
    return new Int32Array(block.bytes.buffer.slice(offset, offset + 4))[0] as number;
  }

  /**
   * Gives blocks back that a burst has left over, and begins the current one from its front where all
   * has been taken, while the processor's cache holds it. Asked often: a block that nobody has looked
   * at for 2^31 submissions would seem not to have been taken.
   */
  trim(): void {
    if (this.busy.length > 0) this.collect();
    if (this.used > 0 && this.taken(this.lastPushed())) this.used = 0;
  }

  private nextBlock(): void {
    if (this.block !== undefined) {
      this.block.last = this.lastPushed();
      this.busy.push(this.block);
    }
    this.collect();
    this.block = this.spare.pop();
    this.used = 0;
    if (this.block !== undefined) return;
    const bytes = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.block = { piece: this.lend(bytes), bytes, last: 0 };
    this.blocks.set(this.block.piece, this.block);
  }

  private collect(): void {
    let count = 0;
    for (const block of this.busy) {
      if (!this.taken(block.last)) break;
      count += 1;
      if (this.spare.length < SPARE_BLOCKS) this.spare.push(block);
      else {
        this.blocks.delete(block.piece);
        this.takeBack(block.piece);
      }
    }
    this.busy.splice(0, count);
  }

  private lend(bytes: Buffer): number {
    const piece = this.free.pop() ?? this.count;
    if (piece >= pieces) {
      const detail = `at most ${String(pieces - 1)} large writes can be under way`;
      throw new LibeventError('ENOBUFS', 'write', { detail, limit: pieces - 1 });
    }
    this.reactor.lendMemory(piece, bytes);
    if (piece === this.count) this.count += 1;
    return piece;
  }

  private takeBack(piece: number): void {
    this.reactor.takeBack(piece);
    this.free.push(piece);
  }
}

function same(copy: Buffer, source: Uint8Array): boolean {
  return byteLengthOf(source) === copy.length && copy.equals(source);
}
