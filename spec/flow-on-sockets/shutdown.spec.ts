import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { firstValueFrom, lastValueFrom, NEVER, type Observable, Subject } from 'rxjs';
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
