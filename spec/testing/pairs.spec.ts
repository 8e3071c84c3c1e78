import { concatMap, ignoreElements, map, of, take, timer } from 'rxjs';
import { type Connection, lines, sendTo, serve } from 'rxjs-libevent';
import { rot13 } from '../../samples/pipelines/rot13';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';

/** A client that asks on command, and closes behind its questions. */
function asks(conn: Connection, ...questions: string[]) {
  of(...questions)
    .pipe(sendTo(conn, { end: true }))
    .subscribe();
  return conn.pipe(lines());
}

describe('pair', () => {
  it('has a client tested against its server', () => {
    marbles(({ pair, expectObservable, expectOutput, expectClosed }) => {
      const [client, server] = pair({ name: 'client' }, { name: 'server' });
      of(server).pipe(serve(rot13)).subscribe();
      expectObservable(asks(client, 'Hello\n', 'you\n')).toBe('(ab|)', { a: 'Uryyb', b: 'lbh' });
      expectOutput(client).toAddUpTo('Hello\nyou\n');
      expectOutput(server).toAddUpTo('Uryyb\nlbh\n');
      for (const end of [client, server]) expectClosed(end).toBe('|');
    });
  });

  it('holds a writer of more than the other end reads, and loses nothing', () => {
    const all = 'x'.repeat(100);
    marbles(({ pair, at, expectOutput, expectSaturation, expectObservable }) => {
      const [one, other] = pair(
        { bufferBytes: 8, write: { high: 10, low: 4 } },
        { read: { high: 8, low: 4 } },
      );
      one.subscribe();
      one.next(all);
      one.complete();
      const release = other.hold('test');
      at('-----r', { r: release });
      const got = other.pipe(map((chunk) => chunk.length));
      expectObservable(got.pipe(ignoreElements())).toBe('-----|');
      expectSaturation(one).toBe('^----!');
      expectOutput(one).toAddUpTo(all);
    });
  });

  it('passes a reset on, and answers what comes to an end that has closed with RST', () => {
    marbles(({ pair, at, expectClosed }) => {
      const [one, other] = pair({}, { allowHalfOpen: true });
      for (const end of [one, other]) end.subscribe({ error: () => undefined });
      const [third, fourth] = pair({}, { allowHalfOpen: true });
      fourth.subscribe({ error: () => undefined });
      const write = () => {
        fourth.next('x');
      };
      at('-r-d-w-w', {
        r: () => {
          one.reset();
        },
        d: () => {
          third.destroy();
        },
        w: write,
      });
      expectClosed(one).toBe('-R');
      expectClosed(other).toBe('-#');
      expectClosed(third).toBe('---!');
      expectClosed(fourth).toBe('-------#', 'EPIPE');
    });
  });

  it('refuses options that it does not know, and a name twice', () => {
    expect(() => {
      marbles(({ pair }) => pair({ takes: '*' } as never));
    }).toThrow("end: config has an unknown option 'takes'");
    expect(() => {
      marbles(({ pair }) => pair({ name: 'a' }, { name: 'a' }));
    }).toThrow("end: there is a 'a' already, a name is for one");
    expect(() => {
      marbles(({ pair }) => pair({ bufferBytes: 0 }));
    }).toThrow('bufferBytes must be a whole number of bytes from 1 to 2147483647, got 0');
  });
});

describe('a peer that reacts', () => {
  const answer = (conn: Connection) =>
    conn.pipe(
      lines(),
      concatMap((line) => timer(5).pipe(map(() => `${line}!\n`))),
      sendTo(conn),
    );

  it('answers the client under test, whenever that asks', () => {
    marbles(({ connector, peer, expectObservable, expectClosed }) => {
      const server = peer(answer, { name: 'server' });
      const connect = connector(['--s'], { s: server });
      expectObservable(connect({ port: 1 }, (conn) => asks(conn, 'a\n', 'b\n'))).toBe(
        '-------a----(b|)',
        { a: 'a!', b: 'b!' },
      );
      expectClosed(server).toBe('------------|');
    });
  });

  it('comes to a listener', () => {
    marbles(({ listener, peer, expectOutput }) => {
      const client = peer((conn) => asks(conn, 'Hello\n').pipe(take(1)));
      listener('-c', { c: client }).pipe(serve(rot13)).subscribe();
      expectOutput(client).toAddUpTo('Uryyb\n');
    });
  });

  it('fails the test by its own errors', () => {
    const { message, cause } = failureOf(({ listener, peer, expectClosed }) => {
      const client = peer(
        (conn) =>
          asks(conn, 'Hello\n').pipe(
            map(() => {
              throw new TypeError('bug');
            }),
          ),
        { name: 'client' },
      );
      listener('-c', { c: client }).pipe(serve(rot13)).subscribe();
      expectClosed(client).toBe('-|');
    });
    expect(message).toContain(
      'client, its own end: its session has failed at frame 1 with TypeError: bug',
    );
    expect(cause).toBeInstanceOf(TypeError);
  });
});

describe('an expectation with a step', () => {
  it('begins its message with it', () => {
    expect(
      failureOf(({ connection, expectOutput }) => {
        const conn = connection('-a|');
        of(conn).pipe(serve(rot13)).subscribe();
        expectOutput(conn).as('after login').toBe('-b|');
      }).message,
    ).toMatch(/^after login: expectOutput\(connection 1\): frame 1 differs/);
    expect(
      failureOf(({ connection, expectOutput }) => {
        const conn = connection('|');
        of(conn).pipe(serve(rot13)).subscribe();
        expectOutput(conn).as('goodbye');
      }).message,
    ).toBe('goodbye: expectOutput(connection 1): nothing is expected, call toBe()');
    expect(() => {
      marbles(({ connection, expectOutput }) => expectOutput(connection('')).as(5 as never));
    }).toThrow('expectOutput(connection 1): the step must be a string, got 5');
  });
});
