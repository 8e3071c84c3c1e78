import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { firstValueFrom, lastValueFrom, map, skip, Subject, tap, type Observable } from 'rxjs';
import {
  type AddressInfo,
  type Connection,
  EventBase,
  lines,
  type ListenConfig,
  sendTo,
  serve,
} from 'rxjs-libevent';

/** Clients in a thread of their own: they connect, or have connected, while this thread is blocked. */
const CLIENTS = `
  const { connect } = require('node:net');
  const { parentPort, workerData } = require('node:worker_threads');
  const { at, count, word } = workerData;
  const counts = { answered: 0, refused: 0, failed: 0 };
  const ask = (connected, ended) => {
    const socket = connect(at);
    let answer = '';
    let refused = false;
    socket.once('connect', connected).once('error', connected);
    socket.on('data', (chunk) => (answer += chunk));
    socket.on('error', ({ code }) => {
      refused = code === 'ECONNREFUSED' || code === 'ENOENT';
      if (!refused) counts[code] = (counts[code] ?? 0) + 1;
    });
    socket.on('close', () => {
      if (refused) counts.refused += 1;
      else if (answer === 'hello\\n') counts.answered += 1;
      else counts.failed += 1;
      ended();
    });
    socket.end('hello\\n');
  };
  let open = 0;
  let connected = 0;
  const ended = () => {
    open -= 1;
    if (open === 0 && (count > 0 || Atomics.load(word, 0) === 1)) parentPort.postMessage(counts);
  };
  const another = (then) => {
    open += 1;
    ask(then, ended);
  };
  if (count > 0) {
    const notify = () => {
      if (++connected < count) return;
      Atomics.store(word, 0, 1);
      Atomics.notify(word, 0);
    };
    for (let i = 0; i < count; i += 1) another(notify);
  } else {
    // At a rate: those that the system lets wait for a second keep nobody else from coming.
    const coming = setInterval(() => {
      if (Atomics.load(word, 0) === 1) clearInterval(coming);
      another(() => {});
    }, 1);
  }
`;

interface Counts {
  readonly answered: number;
  readonly refused: number;
  readonly failed: number;
}

const answer = (conn: Connection): Observable<never> =>
  conn.pipe(
    lines(),
    map((line) => `${line}\n`),
    sendTo(conn),
  );

/** More than a listener accepts ahead, fewer than wait in its queue. */
const CLIENT_COUNT = 300;
const RESTARTS = 6;
const SERVED_BETWEEN = 50;

describe.each([0, 1, 'auto'] as const)('a shutdown with threads: %p', (threads) => {
  let base: EventBase;
  let directory: string;
  const workers: Worker[] = [];

  beforeEach(() => {
    base = new EventBase({ threads });
    directory = mkdtempSync(join(tmpdir(), 'shutdown-'));
  });

  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.terminate();
    await base.close();
    rmSync(directory, { recursive: true });
  });

  /** @param count - as many at once; 0: one a millisecond, until the word is set */
  function clients(at: AddressInfo, count: number) {
    const word = new Int32Array(new SharedArrayBuffer(4));
    const target =
      at.family === 'unix' ? { path: at.address } : { port: at.port, host: at.address };
    const worker = new Worker(CLIENTS, {
      eval: true,
      workerData: { at: target, count, word },
    });
    workers.push(worker);
    const counts = once(worker, 'message').then(([counted]) => counted as Counts);
    return { word, counts };
  }

  describe.each(['a port', 'a path'])('on %s', (kind) => {
    const where = (): ListenConfig =>
      kind === 'a port' ? { host: '127.0.0.1' } : { path: join(directory, 'socket') };

    it('F10: serves everybody who is connected, emitted or not', async () => {
      const shutdown = new Subject<void>();
      const listener = base.listen(where());
      const ended = lastValueFrom(listener.pipe(serve(answer, { shutdown })), {
        defaultValue: 'completed',
      });
      const at = await firstValueFrom(listener.bound);
      const { word, counts } = clients(at, CLIENT_COUNT);
      await once(workers[0]!, 'online');
      // Nothing is emitted meanwhile: they are in the queue of the kernel, or accepted ahead.
      Atomics.wait(word, 0, 0);
      shutdown.next();
      await expect(counts).resolves.toEqual({ answered: CLIENT_COUNT, refused: 0, failed: 0 });
      await expect(ended).resolves.toBe('completed');
    });
  });

  it.each(['one after the other', 'side by side'])(
    'F10: has nobody reset by restarts, %s',
    async (order) => {
      const reusePort = order === 'side by side';
      const served = new Subject<Connection>();
      const start = async (port: number) => {
        const shutdown = new Subject<void>();
        const listener = base.listen({ host: '127.0.0.1', port, reusePort });
        const bound = firstValueFrom(listener.bound);
        const serving = listener.pipe(
          tap((conn) => served.next(conn)),
          serve(answer, { shutdown }),
        );
        const ended = lastValueFrom(serving, { defaultValue: 'completed' });
        return { at: await bound, ended, shutdown };
      };
      let server = await start(0);
      const { at } = server;
      const { word, counts } = clients(at, 0);
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        await firstValueFrom(served.pipe(skip(SERVED_BETWEEN)));
        const next = reusePort ? await start(at.port) : undefined;
        server.shutdown.next();
        await server.ended;
        server = next ?? (await start(at.port));
      }
      Atomics.store(word, 0, 1);
      const { answered, refused, ...others } = await counts;
      expect(others).toEqual({ failed: 0 });
      expect(answered).toBeGreaterThan(RESTARTS * SERVED_BETWEEN);
      if (reusePort) expect(refused).toBe(0);
      server.shutdown.next();
      await server.ended;
    },
  );
});
