import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(__dirname, '../../..');

/** A program that uses the built package, in a process of its own. */
export interface Child {
  readonly process: ChildProcess;
  /** The next line that it prints. */
  line(): Promise<string>;
  /** Everything that is left of what it prints, until its end. */
  rest(): Promise<string[]>;
}

/**
 * Runs a script, of JavaScript, in another process of this very Node.
 *
 * @param descriptors - of this process, that the child has from 3 on
 * @param shell - what `sh` does first, as `ulimit -n 100`
 */
export function runChild(script: string, descriptors: number[] = [], shell = ':'): Child {
  // What an instrumented addon needs preloaded is for Node alone: a shell may not survive it.
  const command = `${shell}; LD_PRELOAD="$PRELOAD" exec "$0" "$@"`;
  const { LD_PRELOAD = '', ...env } = process.env;
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit', ...descriptors];
  const process_ = spawn('/bin/sh', ['-c', command, process.execPath, '-e', script], {
    cwd: ROOT,
    env: { ...env, PRELOAD: LD_PRELOAD },
    stdio,
  });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  const reader = createInterface(process_.stdio[1] as NodeJS.ReadableStream);
  const ended = once(reader, 'close');
  reader.on('line', (line) => {
    const next = waiting.shift();
    if (next) next(line);
    else lines.push(line);
  });
  return {
    process: process_,
    line: () => {
      const line = lines.shift();
      return line === undefined
        ? new Promise((resolve, reject) => {
            waiting.push(resolve);
            void ended.then(() => {
              reject(new Error('the child has ended'));
            });
          })
        : Promise.resolve(line);
    },
    rest: async () => {
      await ended;
      return lines;
    },
  };
}
