import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startSample } from './support/startSample';

const CLIENT = join(__dirname, '../../.build/samples/client.js');

describe('sample client', () => {
  let client: ChildProcess | undefined;
  const waiting = new Map<RegExp, (line: string) => void>();

  /** The next line of the client's that is like this. */
  function line(like: RegExp): Promise<string> {
    return new Promise((resolve) => waiting.set(like, resolve));
  }

  function start(port: number): void {
    client = spawn(process.execPath, [CLIENT, '--to', `127.0.0.1:${port}`, '--period-ms', '5'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    createInterface(client.stdout!).on('line', (text) => {
      for (const [like, resolve] of waiting) {
        if (!like.test(text)) continue;
        waiting.delete(like);
        resolve(text);
      }
    });
  }

  it('survives its server being killed and restarted, and goes when it is told', async () => {
    let server = await startSample('rot13', '--port', '0');
    const { port } = server;
    const first = line(/^dhrfgvba 2$/);
    start(port);
    await first;
    for (let times = 0; times < 3; times += 1) {
      const lost = line(/; again in 50 ms$/);
      const refused = line(/^connect ECONNREFUSED: .*; again in \d+ ms$/);
      server.child.kill('SIGKILL');
      await lost;
      await refused;
      const connected = line(/^connected to 127\.0\.0\.1:\d+$/);
      const answered = line(/^dhrfgvba 0$/);
      server = await startSample('rot13', '--port', String(port));
      await connected;
      await answered;
    }
    const exited = once(client!, 'exit');
    client!.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(await server.interrupt()).toBe(0);
  }, 60_000);

  it('comes again when the server says goodbye', async () => {
    const server = await startSample('hello-world', '--port', '0');
    const goodbye = line(/^the server has closed; again in 50 ms$/);
    const said = line(/^Hello, World!$/);
    start(server.port);
    await said;
    await goodbye;
    await line(/^Hello, World!$/);
    const exited = once(client!, 'exit');
    client!.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
    expect(await server.interrupt()).toBe(0);
  });
});
