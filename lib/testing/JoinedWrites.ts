import type { VirtualReactor } from './VirtualReactor';

/** Output as it was written. A part of a file may hold fewer bytes than it has said. */
export interface WrittenPart {
  readonly chunk: Buffer;
  readonly bytes: number;
}

/** What is written to a connection, until its reactor takes it: as in `lib/rings/SubmissionRing.ts`. */
export class JoinedWrites {
  /** Bytes that have been submitted and not been taken. */
  bytes = 0;
  private parts: WrittenPart[] = [];
  private submission: (() => void) | undefined;

  /**
   * @param name - what messages call the connection
   * @param take - called with the writes of one submission, which one call sends
   */
  constructor(
    private readonly reactor: VirtualReactor,
    private readonly name: string,
    private readonly take: (parts: readonly WrittenPart[]) => void,
  ) {}

  /** Joins a write that follows the last one directly. */
  write(chunk: Buffer): void {
    const part = { chunk, bytes: chunk.length };
    if (part.bytes === 0) return;
    this.add(part);
    if (this.submission !== undefined && this.reactor.isLast(this.submission))
      this.parts.push(part);
    else this.submission = this.submit([part]);
  }

  /** Goes by itself. */
  writeFile(part: WrittenPart): void {
    this.add(part);
    this.submit([part]);
  }

  private add({ bytes }: WrittenPart): void {
    this.reactor.checkRunning(`${this.name} was written to`);
    this.bytes += bytes;
  }

  private submit(parts: WrittenPart[]): () => void {
    this.parts = parts;
    const submission = (): void => {
      for (const { bytes } of parts) this.bytes -= bytes;
      this.take(parts);
    };
    this.reactor.submit(submission);
    return submission;
  }
}
