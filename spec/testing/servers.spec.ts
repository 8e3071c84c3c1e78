import { NEVER, map, retry, switchMap, tap, timer } from 'rxjs';
import { LibeventError, sendTo, serve } from 'rxjs-libevent';
import { marbles } from './support/marbles';

describe('listener', () => {
  it('emits peers when they arrive, and accepts while somebody listens', () => {
    marbles(({ listener, peer, expectAccepted, expectDemand, expectOutput }) => {
      const [a, b] = [peer('-x|'), peer('--y|')];
      const server = listener('--a-b', { a, b });
      const serving = server.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
      timer(20).subscribe(() => {
        serving.unsubscribe();
      });
      expectAccepted(server).toBe('--a-b', { a, b });
      expectDemand(server).toBe('^ 19ms !');
      expectOutput(a).toBe('---x|');
      expectOutput(b).toBe('------y|');
    });
  });

  it('keeps the surplus in the backlog while concurrency is used up', () => {
    marbles(({ listener, peer, expectAccepted, expectDemand, expectClosed }) => {
      const [a, b, c] = [peer('---|'), peer('9ms |'), peer('|')];
      const server = listener('-a-b-c', { a, b, c });
      server.pipe(serve((conn) => conn, { concurrency: 1 })).subscribe();
      expectDemand(server).toBe('^!--(^!)----(^!^)');
      expectAccepted(server).toBe('-a--b-------c', { a, b, c });
      expectClosed(c).toBe('------------|');
    });
  });

  it('stops at maxConnections', () => {
    marbles(({ listener, peer, expectAccepted }) => {
      const [a, b, c] = [peer('----|'), peer('----|'), peer('|')];
      const server = listener('(abc)', { a, b, c }, { maxConnections: 2 });
      server.pipe(serve((conn) => conn)).subscribe();
      expectAccepted(server).toBe('(ab)c', { a, b, c });
    });
  });

  it('shuts down gracefully: no more are accepted, those that are open go on', () => {
    marbles(
      ({ listener, peer, cold, expectObservable, expectOutput, expectDemand, expectClosed }) => {
        const [a, late] = [peer('-x----y-|'), peer('|')];
        const server = listener('-a-----b', { a, b: late });
        const served = server.pipe(
          serve((conn) => conn.pipe(sendTo(conn)), { shutdown: cold('----s') }),
        );
        expectObservable(served).toBe('---------|');
        expectDemand(server).toBe('^---!');
        expectOutput(a).toBe('--x----y-|');
        expectClosed(a).toBe('---------|');
        expect(late.refusedAt).toBeUndefined();
      },
    );
  });

  it('closes what is open when the deadline of the shutdown has come', () => {
    marbles(({ listener, peer, cold, expectObservable, expectClosed }) => {
      const a = peer('');
      const served = listener('-a', { a }).pipe(
        serve(() => NEVER, { shutdown: cold('--s'), shutdownDeadlineMs: 10, closeDeadlineMs: 5 }),
      );
      expectObservable(served).toBe('17ms |');
      expectClosed(a).toBe('17ms !');
    });
  });

  it('resets a connection whose pipeline fails, and goes on', () => {
    marbles(({ listener, peer, expectOutput, expectClosed, expectSessionError }) => {
      const [bad, good] = [peer('-x'), peer('-x|')];
      listener('a-b', { a: bad, b: good })
        .pipe(
          serve((conn) =>
            conn.pipe(
              map((chunk) => {
                if (conn === first(bad)) throw new Error('refused by the pipeline');
                return chunk;
              }),
              sendTo(conn),
            ),
          ),
        )
        .subscribe();
      const first = (of: typeof bad) => of.connection;
      expectOutput(bad).toBe('-#');
      expectClosed(bad).toBe('-R');
      expectSessionError(bad).toBe('-#', /^refused by the pipeline$/);
      expectOutput(good).toBe('---x|');
    });
  });

  it('fails to listen, by a code', () => {
    marbles(({ listener, expectObservable }) => {
      const server = listener('-#', {}, { port: 80, code: 'EACCES' });
      expectObservable(server).toBe('-#', {}, new LibeventError('EACCES', 'listen', { port: 80 }));
    });
  });

  it('rests after trouble, and takes those who waited meanwhile', () => {
    marbles(({ listener, peer, expectAccepted, expectObservable }) => {
      const a = peer('');
      const trouble = new LibeventError('EMFILE', 'accept');
      const server = listener('-t--a', { a, t: trouble });
      server.subscribe((conn) => {
        conn.destroy();
      });
      expectObservable(server.errors).toBe('-t', { t: trouble });
      expectAccepted(server).toBe('101ms a', { a });
    });
  });

  it('completes when its base is closed', () => {
    marbles(({ listener, expectObservable }) => {
      expectObservable(listener('--|')).toBe('--|');
    });
  });

  it('emits the address that it is bound to', () => {
    marbles(({ listener, expectObservable }) => {
      const server = listener('', {}, { port: 4000 });
      server.subscribe();
      expectObservable(server.bound.pipe(map(({ port }) => port))).toBe('p', { p: 4000 });
    });
  });
});

describe('connector', () => {
  it('connects a client that is refused first, with backoff', () => {
    marbles(({ connector, peer, expectAttempts, expectOutput, expectClosed }) => {
      const server = peer('--x|');
      const connect = connector(['--#', '-#', '--s'], { s: server });
      connect({ port: 40713 })
        .pipe(
          switchMap((conn) => conn.pipe(sendTo(conn))),
          retry({ delay: (_error, count) => timer(10 * 2 ** (count - 1)) }),
        )
        .subscribe();
      expectAttempts(connect).toBe('1 11ms 2 20ms 3');
      expectOutput(server).toBe('37ms x|');
      expectClosed(server).toBe('38ms |');
    });
  });

  it('connects again when the server has reset it', () => {
    marbles(({ connector, peer, expectAttempts, expectClosed }) => {
      const [first, second] = [peer('-x#'), peer('-x|')];
      const connect = connector(['a', 'b'], { a: first, b: second });
      connect({ port: 40713 })
        .pipe(
          switchMap((conn) => conn),
          retry({ delay: 5 }),
        )
        .subscribe();
      expectAttempts(connect).toBe('1------2');
      expectClosed(first).toBe('--#');
      expectClosed(second).toBe('---------|');
    });
  });

  it('never answers where its diagram is empty', () => {
    marbles(({ connector, expectObservable }) => {
      const connect = connector(['']);
      expectObservable(
        connect({ host: '127.0.0.1', port: 1, connectTimeoutMs: 30 }).pipe(map(() => 'connected')),
      ).toBe('30ms #', {}, expect.objectContaining({ code: 'ETIMEDOUT' }));
    });
  });

  it('tries the addresses of a name beside each other, and takes the first to answer', () => {
    marbles(({ connector, peer, expectAttempts, expectObservable, expectClosed }) => {
      const [late, winner] = [peer('x'), peer('--|')];
      const connect = connector(
        [' 40ms a', '-#', '  5ms b'],
        { a: late, b: winner },
        {
          addresses: ['2001:db8::1', '2001:db8::2', '192.0.2.1'],
        },
      );
      const connected = connect({ host: 'name.test', port: 7, attemptDelayMs: 20 });
      expectAttempts(connect).toBe('1 19ms 2 3');
      const read = connected.pipe(
        tap((connection) => connection.subscribe()),
        map(({ remoteAddress }) => remoteAddress.address),
      );
      expectObservable(read).toBe('26ms a-|', { a: '2001:db8::2' });
      expectClosed(winner).toBe('28ms |');
    });
  });

  it('fails with the error of its table', () => {
    marbles(({ connector, expectObservable }) => {
      const error = new LibeventError('ENETUNREACH', 'connect');
      expectObservable(connector(['-e'], { e: error })({ port: 1 })).toBe('-#', {}, error);
    });
  });
});
