import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** What an instrumented addon needs preloaded is for Node alone: a shell may not survive it. */
const toNode = 'LD_PRELOAD="$PRELOAD" exec "$0" "$@"';

const root = join(__dirname, '../../..');

const running = new Set<ChildProcess>();

/** A test that fails leaves none behind. */
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ChildOptions {
  /** Runs below this many descriptors. */
  readonly descriptors?: number;
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A descriptor that the child has as 3. */
  readonly fd?: number;
  /** Goes on behind a test: who starts it ends it. */
  readonly shared?: boolean;
}

/** A script in a Node of its own, with the built package. It prints lines; each is JSON or text. */
export class Child {
  readonly process: ChildProcess;
  stdout = '';
  stderr = '';
  private readonly exit: Promise<unknown>;

  constructor(script: string, options: ChildOptions = {}) {
    const { args = [], nodeArgs = [], descriptors, fd, shared = false } = options;
    const command = [process.execPath, ...nodeArgs, '-e', script, '--', ...args];
    const limited =
      descriptors === undefined
        ? command
        : ['bash', '-c', `ulimit -n ${descriptors.toString()}; ${toNode}`, ...command];
    const { LD_PRELOAD = '', ...env } = process.env;
    const preload = descriptors === undefined ? { LD_PRELOAD } : { PRELOAD: LD_PRELOAD };
    this.process = spawn(limited[0] as string, limited.slice(1), {
      cwd: root,
      env: { ...env, ...preload, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe', ...(fd === undefined ? [] : [fd])],
    });
    if (!shared) running.add(this.process);
    this.exit = once(this.process, 'close').finally(() => running.delete(this.process));
    this.process.stdin?.on('error', () => {});
    (this.process.stdout as Readable).setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    (this.process.stderr as Readable).setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Closes its input, which a script may wait for. */
  endInput(): void {
    this.process.stdin?.end();
  }

  /** The next whole line that has not been asked for. Rejects if the child ends before. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.stdout.indexOf('\n');
      if (end >= 0) {
        const line = this.stdout.slice(0, end);
        this.stdout = this.stdout.slice(end + 1);
        return line;
      }
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`the child has ended: ${this.stderr}`);
      }
      await Promise.race([once(this.process.stdout as Readable, 'data'), this.exit]);
    }
  }

  async json<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T;
  }

  /** How it ended, with everything that it said on the way and nobody has asked for. */
  async ended(): Promise<{
    code: number | null;
    signal: string | null;
    stdout: string;
    stderr: string;
  }> {
    await this.exit;
    const { exitCode: code, signalCode: signal } = this.process;
    return { code, signal, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a script to its end. */
export async function runChild(script: string, options?: ChildOptions) {
  const child = new Child(script, options);
  child.endInput();
  return child.ended();
}
