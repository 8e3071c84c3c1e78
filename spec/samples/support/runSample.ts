import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const ROOT = join(__dirname, '../../..');

/** A sample that serves nobody but its terminal, in a process of its own. */
export class RunSample {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly ended: Promise<{ code: number | null; output: string; errors: string }>;
  private output = '';
  private errors = '';
  private readonly waiting: { text: string; resolve: () => void }[] = [];

  constructor(name: string, ...args: string[]) {
    this.child = spawn(process.execPath, [join(ROOT, `.build/samples/${name}.js`), ...args]);
    this.child.stdout.on('data', (data) => {
      this.output += String(data);
      this.look();
    });
    this.child.stderr.on('data', (data) => {
      this.errors += String(data);
      this.look();
    });
    this.ended = once(this.child, 'close').then(([code]) => ({
      code: code as number | null,
      output: this.output,
      errors: this.errors,
    }));
  }

  /** What it has printed so far, its errors at the end. */
  get printedText(): string {
    return this.output + this.errors;
  }

  /** Waits until it has printed something, or has ended. */
  async printed(text: string): Promise<void> {
    if (this.printedText.includes(text)) return;
    const come = new Promise<void>((resolve) => this.waiting.push({ text, resolve }));
    await Promise.race([come, this.ended]);
    expect(this.printedText).toContain(text);
  }

  private look(): void {
    for (const { text, resolve } of this.waiting) if (this.printedText.includes(text)) resolve();
  }
}
