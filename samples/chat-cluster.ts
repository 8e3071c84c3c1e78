/**
 * A chat over several processes: a NATS server, and nodes that share its rooms. A node that dies is
 * replaced; its guests go to another one, and miss nothing. On several machines: a NATS for all of them,
 * and `chat-node --nats HOST:PORT` on each.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { take } from 'rxjs';
import { interrupted } from './support/interrupted';
import { wholeNumber } from './support/serverOptions';

interface ChatClusterOptions {
  readonly nodes: number;
  readonly port: number;
  readonly natsPort: number;
  readonly store?: string;
}

const HOST = '127.0.0.1';
const AGAIN_AFTER_MS = 500;

const { nodes, port, natsPort, store } = new Command('chat-cluster')
  .description('A chat of several nodes, with a NATS server.')
  .option('--nodes <number>', 'how many', wholeNumber(1, 64), 3)
  .option('--port <number>', 'of the first node, and up; 0: any', wholeNumber(0, 65535), 40713)
  .option('--nats-port <number>', 'of the NATS server', wholeNumber(1, 65535), 4222)
  .option(
    '--store <folder>',
    'where lines are kept; default: until the end, in a folder of its own',
  )
  .parse()
  .opts<ChatClusterOptions>();
const folder = store ?? mkdtempSync(join(tmpdir(), 'chat-cluster-'));
const running = new Set<ChildProcess>();
let stopping = false;

/** Starts a process, and starts it again when it ends. */
function keep(name: string, start: () => ChildProcess): void {
  const child = start();
  running.add(child);
  child.on('error', (error) => {
    console.error(`${name}: ${error.message}`);
  });
  child.on('close', () => {
    running.delete(child);
    if (stopping) return;
    console.error(`${name} has ended; starting it again`);
    setTimeout(() => {
      if (!stopping) keep(name, start);
    }, AGAIN_AFTER_MS);
  });
}

const NATS = ['--addr', HOST, '--port', String(natsPort), '--jetstream', '--store_dir', folder];

keep('nats-server', () => spawn('nats-server', NATS, { stdio: 'ignore', detached: true }));
for (let count = 0; count < nodes; count += 1) {
  const at = [
    '--port',
    String(port === 0 ? 0 : port + count),
    '--nats',
    `${HOST}:${String(natsPort)}`,
  ];
  keep(`node ${String(count + 1)}`, () => fork(join(__dirname, 'chat-node.js'), at));
}

interrupted()
  .pipe(take(1))
  .subscribe(() => {
    stopping = true;
    void Promise.all(
      [...running].map(async (child) => {
        const closed = once(child, 'close');
        child.kill('SIGTERM');
        await closed;
      }),
    ).then(() => {
      if (store === undefined) rmSync(folder, { recursive: true });
      process.exit();
    });
  });
