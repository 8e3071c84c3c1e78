import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { firstValueFrom, NEVER, Subject, take, tap, toArray } from 'rxjs';
import {
  EventBase,
  hold,
  serve,
  type Connection,
  type ListenConfig,
  type Listener,
} from 'rxjs-libevent';
import { atRest } from './support/passesMeanwhile';

describe('Accept demand', () => {
  let base: EventBase;
  let peers: Socket[];

  beforeEach(() => {
    base = new EventBase();
    peers = [];
  });

  afterEach(async () => {
    for (const peer of peers) peer.destroy();
    await base.close();
  });

  /** Subscribes, and gives a function that connects a number of peers: the kernel answers them. */
  async function open(
    config: ListenConfig,
    start: (listener: Listener) => void,
  ): Promise<(count: number) => Promise<void>> {
    const listener = base.listen({ host: '127.0.0.1', ...config });
    const bound = firstValueFrom(listener.bound);
    start(listener);
    const { port } = await bound;
    return async (count) => {
      for (let index = 0; index < count; index += 1) {
        const peer = connect(port, '127.0.0.1');
        peer.on('error', () => {});
        peers.push(peer);
        await once(peer, 'connect');
      }
    };
  }

  it('of a held listener: the surplus waits in the backlog, none is lost', async () => {
    const accepted = new Subject<Connection>();
    let release = (): void => {};
    const connectPeers = await open({}, (listener) => {
      listener.subscribe(accepted);
      release = listener.hold('closed for lunch');
    });
    await connectPeers(20);
    await atRest(base);
    expect(base.stats.accepts).toBe(0);
    const all = firstValueFrom(accepted.pipe(take(20), toArray()));
    release();
    expect(new Set(await all).size).toBe(20);
  });

  it('F4: of a listener whose reader holds: a listener is no current source', async () => {
    const accepted = new Subject<Connection>();
    const connectPeers = await open({}, (listener) => {
      listener.subscribe((conn) => {
        hold('nobody');
        accepted.next(conn);
      });
    });
    const all = firstValueFrom(accepted.pipe(take(3), toArray()));
    await connectPeers(3);
    expect(new Set(await all).size).toBe(3);
  });

  it('of serve: no more pipelines at once than `concurrency`', async () => {
    const started = new Subject<Connection>();
    let live = 0;
    let most = 0;
    const connectPeers = await open({}, (listener) => {
      listener
        .pipe(
          serve(
            (conn) => {
              live += 1;
              most = Math.max(most, live);
              setImmediate(() => {
                started.next(conn);
              });
              return NEVER.pipe(tap({ finalize: () => (live -= 1) }));
            },
            { concurrency: 3 },
          ),
        )
        .subscribe();
    });
    const running: Connection[] = [];
    const all = firstValueFrom(
      started.pipe(
        tap((conn) => {
          running.push(conn);
          // The first goes when there are three, then one whenever another has come.
          if (running.length >= 3) running.shift()?.reset();
        }),
        take(10),
        toArray(),
      ),
    );
    await connectPeers(10);
    await all;
    expect(most).toBe(3);
  });

  it('of maxConnections: the next is accepted when one has gone', async () => {
    const emitted: Connection[] = [];
    const accepted = new Subject<Connection>();
    const connectPeers = await open({ maxConnections: 2 }, (listener) => {
      listener.subscribe((conn) => {
        emitted.push(conn);
        accepted.next(conn);
      });
    });
    const two = firstValueFrom(accepted.pipe(take(2), toArray()));
    await connectPeers(5);
    await two;
    await atRest(base);
    expect(emitted).toHaveLength(2);
    const third = firstValueFrom(accepted);
    emitted[0]?.destroy();
    await third;
    expect(emitted).toHaveLength(3);
  });
});
