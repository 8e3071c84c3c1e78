import { connect, type Socket } from 'node:net';
import { filter, firstValueFrom } from 'rxjs';
import { EventBase } from 'rxjs-libevent';
import { Child, runChild } from './support/Child';

const LOAD = 16 << 20;

/**
 * A server that writes to its first peer, and then blocks until a line comes on its input. Nobody but a
 * standby can have sent what has not been sent at once.
 */
const server = (then: string): string => `
  const { readSync, readdirSync, readFileSync, writeSync } = require('node:fs');
  const { subscribe } = require('node:diagnostics_channel');
  const { EventBase } = require('rxjs-libevent');
  const tasks = () => readdirSync('/proc/self/task')
    .filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'libevent\\n').length;
  const say = (text) => writeSync(1, text + '\\n');
  const base = new EventBase({ threads: 'auto' });
  const listener = base.listen({ host: '127.0.0.1' });
  listener.bound.subscribe(({ port }) => say(port));
  listener.subscribe((conn) => {
    conn.subscribe({ error: () => {} });
    conn.next(Buffer.alloc(${LOAD.toString()}));
    setImmediate(() => {
      say('blocked');
      readSync(0, Buffer.alloc(64));
      ${then}
    });
  });`;

const clean = { code: 0, signal: null, stderr: '' };

/** Reads from the server all that it has written. */
async function readAll(socket: Socket): Promise<void> {
  socket.resume();
  let bytes = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', (data: Buffer) => {
      bytes += data.length;
      if (bytes === LOAD) resolve();
    });
  });
}

/** Runs the server to where it is blocked, with the standby at work. */
async function takenOver(child: Child): Promise<Socket> {
  const socket = connect(Number(await child.line()), '127.0.0.1');
  socket.on('error', () => {}).pause();
  expect(await child.line()).toBe('blocked');
  await readAll(socket);
  return socket;
}

describe("a base with threads: 'auto'", () => {
  it('sends while JavaScript is blocked, and is given back when it is not', async () => {
    const child = new Child(
      server(`
        const { takeOvers, handBacks, standbyTurns } = base.stats;
        say(takeOvers - handBacks + ' ' + (standbyTurns > 0));
        subscribe('rxjs-libevent:base:owner', (message) => {
          if (message.owner !== 'javascript') return;
          say(message.base === base && message.handOvers % 2 === 0);
          base.close().then(() => say(tasks()));
        });`),
    );
    const socket = await takenOver(child);
    child.process.stdin?.write('go\n');
    expect(await child.line()).toBe('1 true');
    expect(await child.line()).toBe('true');
    expect(await child.line()).toBe('0');
    child.endInput();
    expect(await child.ended()).toMatchObject(clean);
    socket.destroy();
  });

  it('keeps deadlines while JavaScript is blocked: a peer that takes nothing is reset', async () => {
    const child = new Child(
      server(`say(base.stats.takeOvers > 0); process.exit();`).replace(
        'setImmediate',
        'conn.close(50); setImmediate',
      ),
    );
    const base = new EventBase();
    // Nobody subscribes to it, so it reads nothing.
    const peer = await base.open({ host: '127.0.0.1', port: Number(await child.line()) });
    const reset = firstValueFrom(peer.events.pipe(filter(({ type }) => type === 'hangup')));
    expect(await child.line()).toBe('blocked');
    expect(await reset).toMatchObject({ error: { code: 'ECONNRESET' } });
    child.process.stdin?.write('go\n');
    expect(await child.line()).toBe('true');
    expect(await child.ended()).toMatchObject(clean);
    await base.close();
  });

  it.each([
    ['base.close()', 'base.close().then(() => { say(tasks()); process.stdin.destroy(); });', 0],
    ['process.exit()', 'say(0); process.exit(7);', 7],
    ['an exception', 'say(0); process.on("uncaughtException", () => process.exit(7)); throw 1;', 7],
  ])('ends by %s while the standby has it', async (_way, then, code) => {
    const child = new Child(
      server(`if (base.stats.takeOvers === base.stats.handBacks) say('?'); ${then}`),
    );
    const socket = await takenOver(child);
    child.process.stdin?.write('go\n');
    expect(await child.line()).toBe('0');
    child.endInput();
    expect(await child.ended()).toMatchObject({ ...clean, code });
    socket.destroy();
  });

  it.each([
    ['base.close()', 'base.close().then(() => console.log(tasks()));', 0],
    ['process.exit()', 'console.log(0); process.exit(7);', 7],
  ])('ends by %s while JavaScript has it, or nobody', async (_way, then, code) => {
    const ended = await runChild(`
      const { readdirSync, readFileSync } = require('node:fs');
      const { EventBase } = require('rxjs-libevent');
      const tasks = () => readdirSync('/proc/self/task')
        .filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'libevent\\n').length;
      const base = new EventBase({ threads: 'auto' });
      base.timer(1).subscribe(() => { ${then} });`);
    expect(ended).toMatchObject({ ...clean, code, stdout: '0\n' });
  });

  it('ends with its worker while the standby has it', async () => {
    const child = new Child(`
      const { Worker } = require('node:worker_threads');
      const { readdirSync, readFileSync } = require('node:fs');
      const worker = new Worker(${JSON.stringify(server('').replace('readSync(0, Buffer.alloc(64));', 'for (;;);'))}, { eval: true });
      process.stdin.once('data', async () => {
        console.log(await worker.terminate());
        console.log(readdirSync('/proc/self/task')
          .filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'libevent\\n').length);
        process.exit();
      });`);
    const socket = await takenOver(child);
    child.process.stdin?.write('go\n');
    expect(await child.line()).toBe('1');
    expect(await child.line()).toBe('0');
    expect(await child.ended()).toMatchObject(clean);
    socket.destroy();
  });

  it('leaves its loop and takes steps, on either thread', async () => {
    const child = new Child(
      server(`
        base.loopBreak();
        base.dispatched.subscribe({ error: (error) => say(error), complete: () => {} });
        setImmediate(async () => {
          say(await base.loop({ nonblock: true }));
          base.timer(1).subscribe(() => { say('timer'); base.close().then(() => process.stdin.destroy()); });
          void base.loop();
        });`),
    );
    const socket = await takenOver(child);
    child.process.stdin?.write('go\n');
    const lines = [await child.line(), await child.line()];
    expect(lines.at(-1)).toBe('timer');
    child.endInput();
    expect(await child.ended()).toMatchObject(clean);
    socket.destroy();
  });

  it('is handed over hundreds of times, and no byte is lost, doubled or foreign', async () => {
    const program = require.resolve('./support/handOvers.cjs');
    const child = new Child(`require(${JSON.stringify(program)});`, { args: ['400'] });
    expect(await child.json()).toMatchObject({ ended: 8, flowed: true, turns: true });
    child.endInput();
    expect(await child.ended()).toMatchObject(clean);
  });

  it('is as one with a thread where nothing but a thread can wait for it', async () => {
    const ended = await runChild(`
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase({ threads: 'auto', avoidMethods: ['epoll'] });
      base.timer(1).subscribe(() => {
        console.log(base.threads, base.stats.javaScriptTurns + base.stats.standbyTurns, base.stats.sleeps > 0);
        void base.close();
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: 'auto 0 true\n' });
  });
});
