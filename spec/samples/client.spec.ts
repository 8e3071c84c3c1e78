import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { firstValueFrom, type Subscription } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { rot13 } from '../../samples/pipelines/rot13';
import { HeldPort } from './support/HeldPort';
import { startSample, type RunningSample } from './support/startSample';

const CLIENT = join(__dirname, '../../.build/samples/client.js');

/** Which question it is depends on the load: a timer that was late says its latest number. */
const ANSWER = /^dhrfgvba \d+$/;

describe('sample client', () => {
  let client: ChildProcess | undefined;
  let server: RunningSample | undefined;
  let held: HeldPort;
  const waiting = new Map<RegExp, (line: string) => void>();

  beforeEach(async () => {
    held = await HeldPort.take();
  });

  afterEach(async () => {
    client?.kill('SIGKILL');
    server?.child.kill('SIGKILL');
    waiting.clear();
    await held.release();
  });

  /** The next line of the client's that is like this. */
  function line(like: RegExp): Promise<string> {
    return new Promise((resolve) => waiting.set(like, resolve));
  }

  /** Starts the client, which never waits longer than at first. */
  function start(port: number): void {
    const args = ['--to', `127.0.0.1:${port}`, '--period-ms', '5', '--longest-wait-ms', '50'];
    client = spawn(process.execPath, [CLIENT, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface(client.stdout!).on('line', (text) => {
      for (const [like, resolve] of waiting) {
        if (!like.test(text)) continue;
        waiting.delete(like);
        resolve(text);
      }
    });
  }

  /** Takes the server away, and waits until the client knows that and has tried in vain. */
  async function isLostBy(kill: () => void): Promise<void> {
    const lost = line(/; again in 50 ms$/);
    const refused = line(/^connect ECONNREFUSED: .*; again in 50 ms$/);
    kill();
    await lost;
    await refused;
  }

  /** Brings the server back, and waits until the client has an answer of it. */
  async function isFoundAfter(restart: () => unknown): Promise<void> {
    const connected = line(/^connected to 127\.0\.0\.1:\d+$/);
    const answered = line(ANSWER);
    await restart();
    await connected;
    await answered;
  }

  async function goesWhenItIsTold(): Promise<void> {
    const exited = once(client!, 'exit');
    client!.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  }

  it('survives its server being killed and restarted', async () => {
    const { port } = held;
    const begin = async (): Promise<void> => {
      server = await startSample('rot13', '--port', String(port), '--host', '127.0.0.1');
    };
    await begin();
    await isFoundAfter(() => start(port));
    await isLostBy(() => server!.child.kill('SIGKILL'));
    await isFoundAfter(begin);
    await goesWhenItIsTold();
    expect(await server!.interrupt()).toBe(0);
  }, 60_000);

  it('survives that three times in a row', async () => {
    const { port } = held;
    const base = new EventBase();
    let serving: Subscription | undefined;
    const begin = async (): Promise<void> => {
      const listener = base.listen({ host: '127.0.0.1', port });
      serving = listener.pipe(serve((connection) => rot13(connection))).subscribe();
      await firstValueFrom(listener.bound);
    };
    await begin();
    await isFoundAfter(() => start(port));
    for (let times = 0; times < 3; times += 1) {
      // As when a process dies: the listener and all of its connections go at once.
      await isLostBy(() => serving!.unsubscribe());
      await isFoundAfter(begin);
    }
    await goesWhenItIsTold();
    await base.close();
  }, 60_000);

  it('comes again when the server says goodbye', async () => {
    server = await startSample('hello-world', '--port', String(held.port), '--host', '127.0.0.1');
    const goodbye = line(/^the server has closed; again in 50 ms$/);
    const said = line(/^Hello, World!$/);
    start(server.port);
    await said;
    await goodbye;
    await line(/^Hello, World!$/);
    await goesWhenItIsTold();
    expect(await server.interrupt()).toBe(0);
  });
});
