import { deepEqual, equal } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { merge, map, of, tap, timer } from 'rxjs';
import { type Connection, lines, sendTo, serve } from 'rxjs-libevent';
import {
  type MarbleHelpers,
  everyChunking,
  marbles as plain,
  marblesWith,
  simulate,
} from 'rxjs-libevent/testing';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';
import { messageOf } from './support/messageOf';

const echo = (conn: Connection) => conn.pipe(sendTo(conn));

/** A test that is right, where what is wrong stands beside it. */
function echoed({ connection }: MarbleHelpers, marks = '-a|'): Connection {
  const conn = connection(marks);
  of(conn).pipe(serve(echo)).subscribe();
  return conn;
}

describe('marbles: a test that would pass', () => {
  it('names an error of an ending that has none', () => {
    expect(
      messageOf((helpers) => {
        helpers.expectClosed(echoed(helpers)).toBe('--|', 'ECONNRESET');
      }),
    ).toBe("expectClosed(connection 1): an error is named, and there is no '#' in '--|'");
  });

  it('asserts in a session whose onError takes everything', () => {
    const asserting = (assert: (text: string) => void) =>
      failureOf(({ connection, expectClosed }) => {
        const conn = connection('-a|');
        const session = map((chunk: Buffer) => {
          assert(String(chunk));
          return chunk;
        });
        of(conn)
          .pipe(serve((it) => it.pipe(session, sendTo(it)), { onError: () => undefined }))
          .subscribe();
        expectClosed(conn).toBe('-R');
      });
    const byNode = asserting((text) => {
      equal(text, 'b');
    });
    expect(byNode.message).toMatch(
      /^connection 1: its session has failed at frame 1 with AssertionError(.|\n)*: an assertion is the test's, whatever onError takes$/,
    );
    expect(byNode.cause).toMatchObject({ code: 'ERR_ASSERTION' });
    const byJest = asserting((text) => {
      expect(text).toBe('b');
    });
    expect(byJest.message).toContain("an assertion is the test's, whatever onError takes");
  });

  it('returns an Observable that nobody subscribes to', () => {
    const nobody = 'a marble test returns an Observable: nobody subscribes to it';
    expect(messageOf(() => of(1).pipe(tap(() => expect(1).toBe(2))))).toBe(nobody);
    expect(messageOf(({ cold }) => cold('-a|'))).toBe(nobody);
    // A connection is more than what its subscribers are given.
    marbles((helpers) => echoed(helpers));
    marbles(({ cold }) => cold('-a|').subscribe());
    expect(() => {
      everyChunking('ab', (chunks) => of(chunks));
    }).toThrow('everyChunking returns an Observable: nobody subscribes to it');
  });

  it.each(['a 10 ms |', 'a 10sec |', 'a 10MS |', 'a 5 msec |', '10secs a|', '2mins'])(
    'writes a time that is none: %s',
    (marks) => {
      const time =
        /a time is written as 10ms, 1\.5s or 2m, with a space on each side\n\n {2}.*\n *\^$/;
      expect(messageOf(({ connection }) => connection(marks))).toMatch(time);
      expect(
        messageOf((helpers) => {
          helpers.expectOutput(echoed(helpers)).toBe(marks);
        }),
      ).toMatch(time);
    },
  );

  it('writes characters that only look like a time', () => {
    marbles((helpers) => {
      helpers.expectOutput(echoed(helpers, '1 s 2m 3ms|')).toBe('1 s 2m 3ms|');
    });
  });

  it('sends a value without bytes', () => {
    for (const a of ['', Buffer.alloc(0)]) {
      const message = messageOf(({ connection }) => connection('-a|', { a }));
      expect(message).toBe("connection 1: 'a' has no bytes, so nothing would come");
    }
  });

  it('runs over every chunking, and takes none', () => {
    expect(() => {
      everyChunking('ab', () => {
        plain((helpers) => {
          helpers.expectOutput(echoed(helpers)).toAddUpTo('a');
        });
      });
    }).toThrow(new TypeError('test must take the chunks: without them each run is the same'));
  });

  describe('has an assertion function that lets everything pass', () => {
    const wrong = ({ cold, expectObservable }: MarbleHelpers): void => {
      expectObservable(cold('-a|', { a: 1 })).toBe('-a|', { a: '1' });
    };
    const passed = 'the assertion function has let pass what differs: it must throw';

    it.each([
      ['asserts nothing', () => undefined],
      ['says whether', (one: unknown, other: unknown) => isDeepStrictEqual(one, other)],
      ['compares loosely', deepEqual],
    ])('%s', (_how, assert) => {
      expect(() => {
        marblesWith(assert)(wrong);
      }).toThrow(passed);
      expect(() => {
        marblesWith(assert)(({ cold, expectSubscriptions }) => {
          const source = cold('-a|');
          source.subscribe();
          expectSubscriptions(source.subscriptions).toBe('^-----!');
        });
      }).toThrow('expectSubscriptions: the subscriptions differ');
    });

    it('asserts later', () => {
      const assertLater = (one: unknown, other: unknown): unknown =>
        Promise.resolve().then(() => {
          expect(one).toEqual(other);
        });
      const later = marblesWith(assertLater);
      const promise = 'the assertion function must be synchronous, it has returned a promise';
      expect(() => {
        later(wrong);
      }).toThrow(promise);
      expect(() => {
        later((helpers) => {
          helpers.expectOutput(echoed(helpers)).toBe('-a|');
        });
      }).toThrow(promise);
    });

    it('and leaves matchers to who knows them', () => {
      marbles(({ cold, expectObservable }) => {
        const a: unknown = expect.any(Number);
        expectObservable(cold('-a|', { a: NaN })).toBe('-a|', { a });
        expectObservable(cold('-a|', { a: NaN })).toBe('-a|', { a: NaN });
        expectObservable(cold('-a|', { a: { b: 1, c: undefined } })).toBe('-a|', { a: { b: 1 } });
      });
    });
  });

  it('writes behind the end of the output, which nobody hears of', () => {
    const body = (helpers: MarbleHelpers): Connection => {
      const conn = helpers.connection('-|');
      conn.subscribe();
      conn.complete();
      conn.next('lost');
      return conn;
    };
    expect(messageOf(body)).toBe(
      'connection 1 was written 1 value behind the end of its output: they are lost, or expectOutput()',
    );
    marbles((helpers) => {
      helpers.expectOutput(body(helpers)).toBe('|');
    });
    expect(
      messageOf((helpers) => {
        const conn = echoed(helpers);
        timer(3, 1).subscribe(() => {
          conn.next('late');
          if (conn.refused === 2) throw new Error('two are enough');
        });
      }),
    ).toContain('two are enough');
  });

  it('expects an error by a RegExp that remembers where it was, and would fail', () => {
    marbles(({ connection, expectSessionError }) => {
      const all = [connection('-a|'), connection('-a|')];
      const failing = map(() => {
        throw new TypeError('bug');
      });
      of(...all)
        .pipe(serve((conn) => conn.pipe(failing)))
        .subscribe();
      const bug = /bug/g;
      for (const conn of all) expectSessionError(conn).toBe('-#', bug);
    });
  });
});

describe('simulate: a system that would pass', () => {
  it('has listeners and clients that nobody subscribes to', () => {
    expect(() =>
      simulate({ seed: 1, seeds: 3 }, ({ machine, always }) => {
        machine('server').listen({ port: 7 }).pipe(serve(echo));
        machine('client').connect({ host: 'server', port: 7 });
        always('true', () => true);
      }),
    ).toThrow(
      'simulate: the system does nothing: nobody has subscribed to a listener or a client of it',
    );
  });

  it('returns an Observable', () => {
    expect(() =>
      simulate({ seed: 1 }, ({ machine }) =>
        machine('a')
          .timer(1)
          .pipe(map(() => expect(1).toBe(2))),
      ),
    ).toThrow('a simulated system returns an Observable: nobody subscribes to it');
  });

  it('asserts in a session whose onError takes everything', () => {
    const faults = { reset: 0, halfOpen: 0, dropListener: 0, exhaust: 0, partition: 0 };
    expect(() =>
      simulate({ seed: 1, seeds: 3, faults }, ({ machine }) => {
        const asserting = tap((line: string) => {
          expect(line).toBe('wrong');
        });
        const session = (conn: Connection) => conn.pipe(lines(), asserting, sendTo(conn));
        machine('server')
          .listen({ port: 7 })
          .pipe(serve(session, { onError: () => undefined }))
          .subscribe();
        machine('client')
          .connect({ host: 'server', port: 7 }, (conn) =>
            merge(of('right\n').pipe(sendTo(conn)), conn),
          )
          .subscribe({ error: () => undefined });
      }),
    ).toThrow('a session fails by the network alone');
  });
});
