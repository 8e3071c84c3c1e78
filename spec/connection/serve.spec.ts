import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import {
  config as rxjs,
  EMPTY,
  firstValueFrom,
  map,
  mergeMap,
  NEVER,
  Observable,
  of,
  skip,
  Subject,
  take,
  tap,
  throwError,
  type ObservableInput,
} from 'rxjs';
import {
  EventBase,
  lines,
  sendTo,
  serve,
  type Connection,
  type ListenConfig,
  type ServeConfig,
} from 'rxjs-libevent';
import { endingOf } from '../support/endingOf.cjs';
import { pattern } from '../support/pattern.cjs';
import { receivedBy } from './support/receivedBy';
import { record, type Recording } from '../support/record';

describe('serve', () => {
  let base: EventBase;
  let port = 0;
  const peers: Socket[] = [];

  beforeEach(() => {
    base = new EventBase();
  });

  afterEach(async () => {
    for (const peer of peers.splice(0)) peer.destroy();
    rxjs.onUnhandledError = null;
    await base.close();
  });

  async function served(
    handler: (connection: Connection) => ObservableInput<unknown>,
    config?: ServeConfig,
    listen?: ListenConfig,
  ): Promise<Recording<never>> {
    const listener = base.listen({ host: '127.0.0.1', ...listen });
    const server = record(listener.pipe(serve(handler, config)));
    ({ port } = await firstValueFrom(listener.bound));
    return server;
  }

  function dial(): Socket {
    const peer = connectSocket({ host: '127.0.0.1', port, allowHalfOpen: true });
    peer.on('error', () => {});
    peers.push(peer);
    return peer;
  }

  const echo = (connection: Connection): Observable<never> => connection.pipe(sendTo(connection));

  async function isAlive(): Promise<void> {
    const peer = dial();
    peer.end('alive');
    expect((await receivedBy(peer)).toString()).toBe('alive');
  }

  it('runs a pipeline for each connection, closes it after its answers, and emits nothing', async () => {
    const server = await served(echo);
    const answers = Array.from({ length: 20 }, async (_, index) => {
      const peer = dial();
      const sent = pattern(100_000 + index);
      peer.end(sent);
      expect((await receivedBy(peer)).equals(sent)).toBe(true);
    });
    await Promise.all(answers);
    expect(server.values).toEqual([]);
    expect(server.endings).toEqual([]);
  });

  it('ends a connection when its pipeline ends, though the peer goes on', async () => {
    await served((connection) =>
      connection.pipe(
        lines(),
        take(1),
        map((line) => `${line}!`),
        sendTo(connection),
      ),
    );
    const peer = dial();
    peer.write('one\ntwo\nthree\n');
    expect((await receivedBy(peer)).toString()).toBe('one!');
  });

  it.each<[string, () => ObservableInput<unknown>]>([
    ['EMPTY', () => EMPTY],
    ['a promise', () => Promise.resolve(1)],
    ['an array', () => [1, 2, 3]],
    ['an iterable', () => new Set([1])],
  ])('takes %s for a pipeline', async (_name, handler) => {
    await served(handler);
    expect((await receivedBy(dial())).length).toBe(0);
  });

  describe('a pipeline that fails', () => {
    const failure = new Error('pipeline');

    it.each<[string, (connection: Connection) => ObservableInput<unknown>]>([
      ['with an error', () => throwError(() => failure)],
      ['later', (connection) => connection.pipe(mergeMap(() => throwError(() => failure)))],
      [
        'by a throw of its handler',
        () => {
          throw failure;
        },
      ],
      ['as a rejected promise', () => Promise.reject(failure)],
    ])('%s: its peer is reset, onError is called, the others go on', async (_name, broken) => {
      const reported: unknown[] = [];
      let count = 0;
      const server = await served(
        (connection) => {
          count += 1;
          return count === 1 ? broken(connection) : echo(connection);
        },
        { onError: (error, connection) => reported.push(error, connection.remoteAddress.port) },
      );
      const peer = dial();
      peer.write('x');
      expect(await endingOf(peer)).toBe('ECONNRESET');
      expect(reported).toEqual([failure, expect.any(Number)]);
      await isAlive();
      expect(server.endings).toEqual([]);
    });

    it('with no onError is nobody else’s error', async () => {
      await served(() => throwError(() => failure));
      expect(await endingOf(dial())).toBe('ECONNRESET');
      expect(await endingOf(dial())).toBe('ECONNRESET');
    });

    it('is reset, too, when onError throws, which RxJS reports', async () => {
      const thrown = new Promise((resolve) => {
        rxjs.onUnhandledError = resolve;
      });
      const broken = new Error('onError');
      await served(() => throwError(() => failure), {
        onError: () => {
          throw broken;
        },
      });
      expect(await endingOf(dial())).toBe('ECONNRESET');
      expect(await thrown).toBe(broken);
    });

    it('is one whose handler returns nothing that can be subscribed', async () => {
      const reported: unknown[] = [];
      await served(() => 5 as never, { onError: (error) => reported.push(error) });
      expect(await endingOf(dial())).toBe('ECONNRESET');
      expect(reported).toEqual([expect.any(TypeError)]);
    });

    it('reports of a reset peer once, and goes on', async () => {
      const reported: unknown[] = [];
      let connected = new Subject<void>();
      await served(
        (connection) => {
          connected.next();
          return echo(connection);
        },
        { onError: (error) => reported.push(error) },
      );
      for (let round = 1; round <= 3; round += 1) {
        connected = new Subject();
        const ready = firstValueFrom(connected);
        const peer = dial();
        await Promise.all([ready, once(peer, 'connect')]);
        peer.resetAndDestroy();
        await isAlive();
      }
      expect(reported).toHaveLength(3);
      for (const error of reported) expect(error).toMatchObject({ code: 'ECONNRESET' });
    });
  });

  it('lets a pipeline end its connection itself', async () => {
    const reported: unknown[] = [];
    await served((connection) => connection.pipe(tap(() => connection.destroy())), {
      onError: (error) => reported.push(error),
    });
    const peer = dial();
    const ending = endingOf(peer);
    peer.write('x');
    await ending;
    await isGone();
    expect(reported).toEqual([]);
  });

  /** When the server has seen the end of everybody. */
  async function isGone(): Promise<void> {
    const peer = dial();
    peer.write('x');
    await endingOf(peer);
  }

  it.each<[string, (connection: Connection) => void]>([
    ['reads', (connection) => connection.subscribe({ error: () => {} })],
    ['reads nothing', () => {}],
  ])('unsubscribes a pipeline that %s when its connection has gone', async (_name, read) => {
    const begun = new Subject<void>();
    const gone = new Subject<void>();
    const running = firstValueFrom(begun);
    const unsubscribed = firstValueFrom(gone);
    await served(
      (connection) =>
        new Observable(() => {
          read(connection);
          begun.next();
          return () => gone.next();
        }),
    );
    const peer = dial();
    await Promise.all([running, once(peer, 'connect')]);
    peer.resetAndDestroy();
    await unsubscribed;
  });

  it('destroys every connection at once when it is unsubscribed', async () => {
    const started = new Subject<void>();
    const all = firstValueFrom(started.pipe(skip(9)));
    const server = await served(() => {
      started.next();
      return NEVER;
    });
    const endings = Promise.all(Array.from({ length: 10 }, () => endingOf(dial())));
    await all;
    server.subscription.unsubscribe();
    expect(new Set(await endings)).toEqual(new Set(['end']));
  });

  it('may be unsubscribed inside a handler', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    let unsubscribed = false;
    const server = listener
      .pipe(
        serve((connection) => {
          server.unsubscribe();
          unsubscribed = true;
          return echo(connection);
        }),
      )
      .subscribe();
    ({ port } = await firstValueFrom(listener.bound));
    await endingOf(dial());
    expect(unsubscribed).toBe(true);
    expect(server.closed).toBe(true);
  });

  it('may be unsubscribed inside next of a pipeline', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const server = listener
      .pipe(
        serve((connection) =>
          connection.pipe(
            tap(() => server.unsubscribe()),
            sendTo(connection),
          ),
        ),
      )
      .subscribe();
    ({ port } = await firstValueFrom(listener.bound));
    const peer = dial();
    const ending = endingOf(peer);
    peer.write('x');
    await ending;
    expect(server.closed).toBe(true);
  });

  it('ends with the error of its listener', async () => {
    await served(echo);
    const second = record(base.listen({ host: '127.0.0.1', port }).pipe(serve(echo)));
    expect(await second.ended).toMatchObject({ code: 'EADDRINUSE' });
  });

  it('completes when its base is closed', async () => {
    const server = await served(() => NEVER);
    const peer = dial();
    const ending = endingOf(peer);
    await once(peer, 'connect');
    await base.close();
    expect(await server.ended).toBe('complete');
    await ending;
  });

  it.each([1, 2, 3])('never runs more than %p pipelines at once', async (concurrency) => {
    let running = 0;
    let peak = 0;
    await served(
      (connection) =>
        new Observable((subscriber) => {
          running += 1;
          peak = Math.max(peak, running);
          subscriber.add(echo(connection).subscribe(subscriber));
          return () => {
            running -= 1;
          };
        }),
      { concurrency },
    );
    await Promise.all(Array.from({ length: 25 }, () => isAlive()));
    expect(peak).toBeLessThanOrEqual(concurrency);
  });

  it.each<[string, unknown, ErrorConstructor]>([
    ['no handler', [undefined], TypeError],
    ['a handler that is an Observable', [of(1)], TypeError],
    ['a config of null', [echo, null], TypeError],
    ['a concurrency of 0', [echo, { concurrency: 0 }], RangeError],
    ['a concurrency that is text', [echo, { concurrency: '1' }], TypeError],
    ['an onError that is no function', [echo, { onError: 1 }], TypeError],
    ['a deadline of -1', [echo, { shutdownDeadlineMs: -1 }], RangeError],
    ['a closing deadline of 0', [echo, { closeDeadlineMs: 0 }], RangeError],
  ])('throws at the call for %s', (_name, args, kind) => {
    expect(() => serve(...(args as Parameters<typeof serve>))).toThrow(kind);
  });
});
