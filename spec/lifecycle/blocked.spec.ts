import { atMost } from '../support/atMost';
import { Child } from './support/Child';

/** An echo server whose JavaScript can be blocked, by lines on its input. */
const server = (threads: number | 'auto'): string => `
  const { EventBase, sendTo, serve } = require('rxjs-libevent');
  const base = new EventBase({ threads: ${JSON.stringify(threads)} });
  const listener = base.listen({ host: '127.0.0.1' });
  const served = listener.pipe(serve((conn) => conn.pipe(sendTo(conn)), { onError: () => {} })).subscribe();
  listener.bound.subscribe(({ port }) => console.log(port));
  const rss = () => process.memoryUsage.rss();
  require('node:readline').createInterface(process.stdin).on('line', (line) => {
    if (line === 'end') { served.unsubscribe(); process.stdin.destroy(); return; }
    const before = { ...base.stats, rss: rss() };
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    const after = { ...base.stats, rss: rss() };
    console.log(JSON.stringify({ before, after }));
  });`;

/** Peers in a process of their own: each sends `bytes` bytes, and checks what comes back. */
const peers = `
  const net = require('node:net');
  const { createHash } = require('node:crypto');
  const [port, count, bytes] = process.argv.slice(-3).map(Number);
  const chunk = Buffer.from(Array.from({ length: 65537 }, (_, index) => (index * 7 + (index >> 8)) & 255));
  for (let index = 0; index < count; index += 1) {
    const socket = net.connect(port, '127.0.0.1');
    const sent = createHash('sha256');
    const got = createHash('sha256');
    let left = bytes;
    const write = () => {
      while (left > 0) {
        const part = chunk.subarray(0, Math.min(left, chunk.length));
        sent.update(part);
        left -= part.length;
        if (!socket.write(part)) return;
      }
      socket.end();
    };
    socket.on('connect', write).on('drain', write).on('data', (data) => got.update(data));
    socket.once('data', () => { if (index === 0) console.log('flowing'); });
    socket.on('end', () => console.log(sent.digest('hex') === got.digest('hex') ? 'same' : 'DIFFERENT'));
  }`;

interface Figures {
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

describe('a blocked JavaScript thread', () => {
  it.each([1, 2, 'auto'] as const)(
    'loses nothing, keeps memory bounded and lets the reactors sleep, with %p threads',
    async (threads) => {
      // Who turns its base is what this is about; whether a standby has to, depends on what waits.
      const echo = new Child(server(threads), { env: { THREADS: '' } });
      const port = await echo.line();
      const load = new Child(peers, { args: [port, '50', '4000000'] });
      expect(await load.line()).toBe('flowing');
      echo.process.stdin?.write('block\n');
      const { before, after } = await echo.json<Figures>();
      const passes = (after['passes'] ?? 0) - (before['passes'] ?? 0);
      const received = (after['receivedBytes'] ?? 0) - (before['receivedBytes'] ?? 0);
      // Slabs that are lent, and no more: four megabytes for each thread.
      expect(received).toBeLessThanOrEqual((threads === 'auto' ? 1 : threads) * 4 * 1024 * 1024);
      // A few for each chunk and each connection; a reactor that spins makes hundreds of thousands in half a second.
      expect(passes).toBeLessThan(20_000);
      expect((after['rss'] ?? 0) - (before['rss'] ?? 0)).toBeLessThan(16 * 1024 * 1024);
      for (let answers = 0; answers < 50; answers += 1) expect(await load.line()).toBe('same');
      load.endInput();
      echo.process.stdin?.write('end\n');
      expect(await echo.ended()).toMatchObject({ code: 0, stderr: '' });
      expect(await load.ended()).toMatchObject({ code: 0, stderr: '' });
    },
    60_000,
  );

  it('does not hear of the same timeout for ever', async () => {
    const child = new Child(
      `const net = require('node:net');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1', readTimeoutMs: 1, whenTimeout: 'event' });
      let count = 0;
      listener.subscribe((conn) => {
        conn.subscribe();
        count += 1;
        if (count < 50) return;
        setImmediate(() => {
          const before = base.stats.posted;
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
          console.log(base.stats.posted - before);
          process.exit();
        });
      });
      listener.bound.subscribe(({ port }) => {
        for (let index = 0; index < 50; index += 1) net.connect(port, '127.0.0.1');
      });`,
    );
    // The ring has 16384 places, which is less than come in a second.
    expect(Number(await child.line())).toBeLessThanOrEqual(16384);
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '' });
  });

  it('is woken for what waited behind a full ring, with nothing else to wake it', async () => {
    // More connections than the completion ring has places end while JavaScript does not look.
    const child = new Child(
      `const net = require('node:net');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1', backlog: 4096 });
      const count = ${atMost(1500)};
      let open = 0, ended = 0;
      const clients = [];
      listener.subscribe((conn) => {
        conn.events.subscribe(({ type }) => {
          if (type !== 'closed') return;
          ended += 1;
          if (ended === count) { console.log('all'); process.exit(); }
        });
        conn.subscribe({ complete: () => conn.complete() });
        open += 1;
        if (open < count) return;
        for (const client of clients) client.write('a').valueOf();
        for (const client of clients) client.end('b');
        setTimeout(() => {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
        }, 0);
      });
      listener.bound.subscribe(({ port }) => {
        for (let index = 0; index < count; index += 1)
          clients.push(net.connect(port, '127.0.0.1').resume().on('error', () => {}));
      });`,
    );
    expect(await child.line()).toBe('all');
    expect(await child.ended()).toMatchObject({ code: 0, stderr: '' });
  });
});
