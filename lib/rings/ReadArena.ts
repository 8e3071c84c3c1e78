import { viewOn } from '../common/bytes';
import { native } from '../native';

const { arenaBlocks, arenaBlockBytes } = native.layout.memory;
const { borrowed } = native.layout.control;

/**
 * The memory that received bytes cross in. The reactor fills its blocks in turn, and fills one again
 * when the completions of it have been freed and the writes from it have been taken. Nobody outside
 * of the library sees this memory.
 */
export class ReadArena {
  readonly bytes = Buffer.from(new ArrayBuffer(arenaBlocks * arenaBlockBytes));
  private readonly memory = this.bytes.buffer;
  /** What is being handled, and where it stands. */
  private lent: Buffer | undefined;
  private offset = 0;

  constructor(private readonly control: Int32Array) {}

  /** The bytes of a data record, valid until {@link ReadArena.done}. */
  view(offset: number, bytes: number): Buffer {
    this.offset = offset;
    this.lent = viewOn(this.memory, offset, bytes);
    return this.lent;
  }

  done(): void {
    this.lent = undefined;
  }

  /** Where a chunk stands, if it is the one that is being handled; -1 for any other. */
  offsetOf(chunk: Uint8Array): number {
    return chunk === this.lent ? this.offset : -1;
  }

  /** A write of the bytes being handled has been submitted: the reactor is to keep them for it. */
  keep(): void {
    Atomics.add(this.control, borrowed + Math.floor(this.offset / arenaBlockBytes), 1);
  }
}
