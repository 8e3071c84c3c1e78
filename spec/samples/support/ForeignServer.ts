import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { clean } from '../../tls/support/certificates';

/** A server that is another program, and says on stderr or stdout where it listens. */
export class ForeignServer {
  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {}

  /** @param said - what it prints when it listens; the group in it is the port */
  static async start(
    command: string,
    args: readonly string[],
    said: RegExp,
  ): Promise<ForeignServer> {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: clean() });
    const port = await new Promise<number>((resolve, reject) => {
      for (const output of [child.stdout, child.stderr]) {
        createInterface(output).on('line', (line) => {
          const match = said.exec(line);
          if (match) resolve(Number(match[1]));
        });
      }
      child.on('error', reject).on('exit', () => {
        reject(new Error(`${command} has ended`));
      });
    });
    return new ForeignServer(child, port);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
  }
}
