import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  firstValueFrom,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  type Observable,
  retry,
  Subject,
  take,
} from 'rxjs';
import { EventBase, sendTo, serve, type Connection, type ServeConfig } from 'rxjs-libevent';

describe('serve, shutting down', () => {
  let base: EventBase;
  let stop: Subject<void>;
  let served: Subject<Connection>;
  let ended: Promise<unknown>;
  let port: number;
  let peers: Socket[];

  beforeEach(() => {
    base = new EventBase();
    stop = new Subject();
    served = new Subject();
    peers = [];
  });

  afterEach(async () => {
    for (const peer of peers) peer.destroy();
    await base.close();
  });

  async function open(
    handler: (conn: Connection) => Observable<unknown>,
    config: ServeConfig = {},
  ): Promise<void> {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = firstValueFrom(listener.bound);
    const running = listener.pipe(
      serve(
        (conn) => {
          setImmediate(() => {
            served.next(conn);
          });
          return handler(conn);
        },
        { shutdown: stop, ...config },
      ),
    );
    ended = lastValueFrom(running, { defaultValue: 'completed' });
    ({ port } = await bound);
  }

  async function peer(): Promise<{ socket: Socket; conn: Connection }> {
    const conn = firstValueFrom(served);
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    peers.push(socket);
    return { socket, conn: await conn };
  }

  it('accepts nobody any more, and completes when those that are open have ended', async () => {
    await open((conn) => conn.pipe(sendTo(conn)));
    const { socket } = await peer();
    stop.next();
    // The thread has closed the listener by the time that it fires what was asked for later.
    await firstValueFrom(base.timer(0));
    const late = connect(port, '127.0.0.1');
    const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    socket.write('still served');
    expect(String((await once(socket, 'data'))[0])).toBe('still served');
    socket.end();
    await expect(ended).resolves.toBe('completed');
  });

  it('completes at once when nobody is there', async () => {
    await open(() => NEVER);
    stop.next();
    await expect(ended).resolves.toBe('completed');
  });

  it('begins when the notifier completes, too', async () => {
    await open(() => NEVER);
    stop.complete();
    await expect(ended).resolves.toBe('completed');
  });

  it('ends pipelines that go on at the deadline: what they have written leaves, then FIN', async () => {
    await open(() => NEVER, { shutdownDeadlineMs: 20 });
    const { socket, conn } = await peer();
    const text = 'x'.repeat(1 << 20);
    conn.next(text);
    stop.next();
    let received = '';
    socket.on('data', (data) => (received += String(data)));
    await once(socket, 'end');
    expect(received).toBe(text);
    socket.end();
    await expect(ended).resolves.toBe('completed');
  });

  it('closes at the deadline a connection that concurrency has kept out', async () => {
    await open(() => NEVER, { shutdownDeadlineMs: 20, concurrency: 1 });
    const { socket } = await peer();
    const waiting = connect({ port, host: '127.0.0.1' }).resume();
    peers.push(waiting);
    await once(waiting, 'connect');
    stop.next();
    await Promise.all([once(waiting, 'close'), once(socket.resume(), 'end')]);
    expect(waiting.bytesRead).toBe(0);
    socket.end();
    await expect(ended).resolves.toBe('completed');
  });

  it('unsubscribes at once from a source that no listener feeds', async () => {
    const connections = new Subject<Connection>();
    const serving = connections.pipe(serve(() => NEVER, { shutdown: stop }));
    const done = lastValueFrom(serving, { defaultValue: 'completed' });
    stop.next();
    expect(connections.observed).toBe(false);
    await expect(done).resolves.toBe('completed');
  });

  it('waits for a stage between its listener and itself', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = firstValueFrom(listener.bound);
    const admitted = new Subject<void>();
    const asked = new Subject<void>();
    const serving = listener.pipe(
      mergeMap((conn) => {
        setImmediate(() => {
          asked.next();
        });
        return admitted.pipe(
          take(1),
          map(() => conn),
        );
      }),
      serve((conn) => conn.pipe(sendTo(conn)), { shutdown: stop }),
    );
    const done = lastValueFrom(serving, { defaultValue: 'completed' });
    const first = firstValueFrom(asked);
    const socket = connect((await bound).port, '127.0.0.1');
    peers.push(socket);
    await first;
    stop.next();
    await firstValueFrom(base.timer(0));
    admitted.next();
    socket.end('admitted');
    expect(String((await once(socket, 'data'))[0])).toBe('admitted');
    await expect(done).resolves.toBe('completed');
  });

  it('closes a listener that retry has subscribed to again', async () => {
    const first = base.listen({ host: '127.0.0.1' });
    const taken = first.subscribe();
    const { port: busy } = await firstValueFrom(first.bound);
    const listener = base.listen({ host: '127.0.0.1', port: busy });
    const again = new Subject<void>();
    const failed = new Subject<void>();
    const delay = (): Observable<void> => {
      setImmediate(() => {
        failed.next();
      });
      return again;
    };
    const served = new Subject<Connection>();
    const serving = listener.pipe(
      retry({ delay }),
      serve(
        (conn) => {
          setImmediate(() => {
            served.next(conn);
          });
          return conn.pipe(sendTo(conn));
        },
        { shutdown: stop },
      ),
    );
    const done = lastValueFrom(serving, { defaultValue: 'completed' });
    await firstValueFrom(failed);
    taken.unsubscribe();
    again.next();
    const one = firstValueFrom(served);
    await firstValueFrom(listener.bound);
    peers.push(connect(busy, '127.0.0.1').resume());
    await one;
    stop.next();
    peers[0]?.end();
    await expect(done).resolves.toBe('completed');
    expect(listener.fd).toBeUndefined();
  });

  it('gives up on a peer that does not end, after closeDeadlineMs', async () => {
    await open(() => NEVER, { shutdownDeadlineMs: 0, closeDeadlineMs: 20 });
    const { socket } = await peer();
    socket.pause();
    stop.next();
    await expect(ended).resolves.toBe('completed');
  });

  it('destroys everything at once when it is unsubscribed instead', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = firstValueFrom(listener.bound);
    const started = new Subject<void>();
    const serving = listener
      .pipe(
        serve(() => {
          setImmediate(() => {
            started.next();
          });
          return NEVER;
        }),
      )
      .subscribe();
    const open = firstValueFrom(started);
    const socket = connect((await bound).port, '127.0.0.1').resume();
    peers.push(socket);
    await open;
    serving.unsubscribe();
    await once(socket, 'end');
  });
});
