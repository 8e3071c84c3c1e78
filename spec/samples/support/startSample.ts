import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(__dirname, '../../..');

/** A sample in a process of its own. */
export interface RunningSample {
  /** Where it says that it listens, if it does. */
  readonly port: number;
  readonly child: ChildProcess;
  /** Everything that it has printed on stderr. */
  errors(): string;
  /** Interrupts it, as Ctrl-C does, and waits for its end. Gives the exit code. */
  interrupt(): Promise<number | null>;
}

/** Starts `.build/samples/NAME.js`, and waits until it listens. */
export async function startSample(name: string, ...args: string[]): Promise<RunningSample> {
  const child = spawn(process.execPath, [join(ROOT, `.build/samples/${name}.js`), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let errors = '';
  child.stderr.on('data', (data) => (errors += String(data)));
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const match = /^listening on .*:(\d+) \(/.exec(line);
      if (match) resolve(Number(match[1]));
    });
    void exited.then(([code]) => {
      reject(new Error(`${name} ended with ${code}: ${errors}`));
    });
  });
  return {
    port,
    child,
    errors: () => errors,
    interrupt: async () => {
      child.kill('SIGINT');
      const [code] = await exited;
      return code;
    },
  };
}
