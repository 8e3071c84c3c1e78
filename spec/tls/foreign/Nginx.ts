import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { clean } from '../support/certificates';

/** nginx with servers of the test's. */
export class Nginx {
  private constructor(private readonly child: ChildProcess) {}

  /** @param servers - its `server` blocks, which answer by themselves */
  static async start(folder: string, servers: readonly string[]): Promise<Nginx> {
    const file = join(folder, 'nginx.conf');
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    );
    writeFileSync(
      file,
      [
        `daemon off; worker_processes 1; pid ${join(folder, 'nginx.pid')};`,
        'error_log stderr notice;',
        'events {}',
        `http { access_log off; ${paths.join(' ')} ${servers.join('\n')} }`,
      ].join('\n'),
    );
    const child = spawn('nginx', ['-p', folder, '-e', 'stderr', '-c', file], {
      env: clean(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      createInterface(child.stderr).on('line', (line) => {
        said += `${line}\n`;
        // Its sockets have been open for a while.
        if (line.includes('start worker process ')) resolve();
      });
      child.on('error', reject).on('exit', () => {
        reject(new Error(`nginx has ended: ${said}`));
      });
    });
    return new Nginx(child);
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill();
    await exited;
  }
}
