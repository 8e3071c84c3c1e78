import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from './support/Child';

/** The file of a unix socket goes with its listener, whatever ends it. */
describe('evconnlistener on a unix path', () => {
  let directory = '';
  let path = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'unix-'));
    path = join(directory, 'socket');
  });

  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const LISTEN = `
    const { EventBase } = require('rxjs-libevent');
    const { firstValueFrom } = require('rxjs');
    const { existsSync } = require('node:fs');
    const path = process.argv[1];
    const base = new EventBase();
    const listener = base.listen({ path });
  `;

  it.each<[string, string]>([
    ['base.close()', 'await base.close();'],
    ['process.exit()', 'process.exit();'],
    ['an error that nobody catches', 'throw new Error("on purpose");'],
    ['unsubscribing and then nothing', 'subscription.unsubscribe();'],
    ['process.exit() right after unsubscribing', 'subscription.unsubscribe(); process.exit();'],
  ])('is removed by %s', async (_, end) => {
    const child = new Child(
      `${LISTEN}
       const subscription = listener.subscribe();
       firstValueFrom(listener.bound).then(async () => { console.log(existsSync(path)); ${end} });`,
      { args: [path] },
    );
    expect(await child.line()).toBe('true');
    await child.ended();
    expect(existsSync(path)).toBe(false);
  });

  it.each<[string, string]>([
    ['its own end', 'process.exit();'],
    ['terminate()', 'parentPort.postMessage("bound");'],
  ])('of a worker is removed by %s', async (_, end) => {
    const child = new Child(
      `const { Worker } = require('node:worker_threads');
       const worker = new Worker(\`
         process.argv[1] = require('node:worker_threads').workerData;
         const { parentPort } = require('node:worker_threads');
         ${LISTEN}
         listener.subscribe();
         firstValueFrom(listener.bound).then(() => { ${end} });
       \`, { eval: true, workerData: process.argv[1] });
       worker.on('message', () => worker.terminate());
       worker.on('exit', () => {
         console.log(require('node:fs').existsSync(process.argv[1]));
       });`,
      { args: [path] },
    );
    expect(await child.line()).toBe('false');
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '' });
  });

  it('is there for the next that listens in the same turn', async () => {
    const child = new Child(
      `${LISTEN}
       const net = require('node:net');
       (async () => {
         // Bound or not when it is unsubscribed.
         listener.subscribe().unsubscribe();
         for (let round = 0; round < 20; round += 1) {
           const again = base.listen({ path });
           const subscription = again.subscribe((conn) => conn.complete());
           await firstValueFrom(again.bound);
           subscription.unsubscribe();
         }
         base.listen({ path }).subscribe().unsubscribe();
         const last = base.listen({ path });
         last.subscribe((conn) => conn.complete());
         await firstValueFrom(last.bound);
         net.connect(path).on('close', (failed) => {
           console.log(existsSync(path), failed);
           void base.close();
         }).resume();
       })();`,
      { args: [path] },
    );
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '', stdout: 'true false\n' });
    expect(existsSync(path)).toBe(false);
  });

  it('that is somebody else’s by then stays', async () => {
    const child = new Child(
      `${LISTEN}
       const subscription = listener.subscribe();
       firstValueFrom(listener.bound).then(() => console.log('bound'));
       process.stdin.on('end', () => subscription.unsubscribe()).resume();`,
      { args: [path] },
    );
    expect(await child.line()).toBe('bound');
    rmSync(path);
    writeFileSync(path, 'another file');
    child.endInput();
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '' });
    expect(lstatSync(path).isFile()).toBe(true);
  });

  it('that is another socket by then stays', async () => {
    const child = new Child(
      `${LISTEN}
       const net = require('node:net');
       const { unlinkSync } = require('node:fs');
       const subscription = listener.subscribe();
       firstValueFrom(listener.bound).then(() => {
         unlinkSync(path);
         const server = net.createServer().listen(path, async () => {
           subscription.unsubscribe();
           await base.close();
           console.log(existsSync(path));
           server.close();
         });
       });`,
      { args: [path] },
    );
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '', stdout: 'true\n' });
  });

  it('is found again when the process has another directory', async () => {
    const child = new Child(
      `${LISTEN}
       process.chdir(require('node:path').dirname(path));
       const relative = base.listen({ path: 'socket' });
       const subscription = relative.subscribe();
       firstValueFrom(relative.bound).then(async () => {
         console.log(existsSync(path));
         process.chdir('/');
         await base.close();
         console.log(existsSync(path));
       });`,
      { args: [path] },
    );
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '', stdout: 'true\nfalse\n' });
  });
});
