import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child, type ChildOptions } from '../lifecycle/support/Child';

const FILE_BYTES = 32 * 64;

/** Programs whose system calls fail where they say so, with `faults.cjs`. Compiled once a spec file. */
export class Faults {
  private readonly folder = mkdtempSync(join(tmpdir(), 'faults-'));
  private readonly library = join(this.folder, 'faults.so');
  private count = 0;

  constructor() {
    const source = join(__dirname, 'faults.c');
    execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-w', '-o', this.library, source, '-ldl']);
  }

  start(script: string, options: ChildOptions = {}): Child {
    this.count += 1;
    const file = join(this.folder, `faults-${this.count.toString()}`);
    writeFileSync(file, '');
    truncateSync(file, FILE_BYTES);
    const preload = [process.env['LD_PRELOAD'], this.library].filter(Boolean).join(':');
    // The calls are those of epoll and of a thread, whatever METHOD and THREADS say.
    const env = {
      ...options.env,
      METHOD: '',
      THREADS: '',
      FAULTS: file,
      LD_PRELOAD: preload,
      PRELOAD: preload,
    };
    return new Child(script, { ...options, env });
  }

  /** Runs a script to its end. */
  async run(script: string, options?: ChildOptions): ReturnType<Child['ended']> {
    const child = this.start(script, options);
    child.endInput();
    return child.ended();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
