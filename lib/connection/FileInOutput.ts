import { copyOf } from '../common/bytes';
import type { CheckedChunk } from '../common/Chunk';

/** A file that is being sent, and what waits behind it, in order. */
export class FileInOutput {
  /** Bytes of the chunks that wait. */
  bytesBehind = 0;
  private behind: (() => void)[] = [];
  private readonly ended: (() => void)[] = [];

  /** Keeps a chunk, to be written in its turn. */
  write(chunk: CheckedChunk, encoding: BufferEncoding, write: (chunk: CheckedChunk) => void): void {
    const kept = typeof chunk === 'string' ? chunk : copyOf(chunk);
    const bytes = Buffer.byteLength(kept, encoding);
    this.bytesBehind += bytes;
    this.behind.push(() => {
      this.bytesBehind -= bytes;
      write(kept);
    });
  }

  /**
   * Does something else in its turn.
   *
   * @returns takes it back
   */
  add(action: () => void): () => void {
    this.behind.push(action);
    return () => {
      this.behind = this.behind.filter((other) => other !== action);
    };
  }

  /** Does all that waits, in order. */
  flush(): void {
    for (const action of this.behind) action();
    this.behind = [];
  }

  whenEnded(done: () => void): void {
    this.ended.push(done);
  }

  notifyEnd(): void {
    for (const done of this.ended) done();
  }
}
