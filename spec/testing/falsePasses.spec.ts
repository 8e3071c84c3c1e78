import { concatMap, ignoreElements, map, of, take, timer } from 'rxjs';
import { type Connection, LibeventError, lines, sendTo, serve } from 'rxjs-libevent';
import { type MarbleHelpers, readTimeout } from 'rxjs-libevent/testing';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';

const echo = (conn: Connection) => conn.pipe(sendTo(conn));

/** Answers lines, and has a bug. */
function buggy(conn: Connection) {
  return conn.pipe(
    lines(),
    map((line) => {
      if (line === 'boom') throw new TypeError('bug');
      return `${line}\n`;
    }),
    sendTo(conn),
  );
}

describe('marbles: the error of a session that no onError took', () => {
  const values = { a: 'one\n', b: 'boom\n' };

  it('fails the test, with the error as the cause and its line in the stack', () => {
    const failure = failureOf(({ connection, expectDemand }) => {
      const conn = connection('-a-b|', values);
      of(conn).pipe(serve(buggy)).subscribe();
      expectDemand(conn).toBe('^--!');
    });
    expect(failure.message).toBe(
      'connection 1: its session has failed at frame 3 with TypeError: bug: an onError is missing, or expectSessionError()',
    );
    expect(failure.cause).toEqual(new TypeError('bug'));
    expect(failure.stack).toMatch(/\n +at .*falsePasses.spec/);
  });

  it('is shown beside the other failures of the test', () => {
    const failure = failureOf(({ connection, expectOutput, expectClosed }) => {
      const conn = connection('-a-b|', values);
      of(conn).pipe(serve(buggy)).subscribe();
      expectOutput(conn).toAddUpTo('one\n');
      expectClosed(conn).toBe('----|');
    });
    expect(failure.message).toMatch(/^3 things have failed\n\nexpectOutput/);
    expect(failure.errors.map(({ message }) => message.split('\n')[0])).toEqual([
      'expectOutput(connection 1): the bytes are as expected, the end is not',
      'expectClosed(connection 1): frame 3 differs',
      expect.stringContaining('its session has failed at frame 3 with TypeError: bug'),
    ]);
    expect(failure.cause).toBeInstanceOf(TypeError);
  });

  it('is what onError takes, or expectSessionError names, by code, message, class or matcher', () => {
    const errors: unknown[] = [];
    marbles(({ connection, expectClosed }) => {
      const conn = connection('-b', values);
      of(conn)
        .pipe(serve(buggy, { onError: (error) => errors.push(error) }))
        .subscribe();
      expectClosed(conn).toBe('-R');
    });
    expect(errors).toEqual([new TypeError('bug')]);
    for (const pattern of [/^bug$/, TypeError, expect.objectContaining({ message: 'bug' })]) {
      marbles(({ connection, expectSessionError }) => {
        const conn = connection('-b', values);
        of(conn).pipe(serve(buggy)).subscribe();
        expectSessionError(conn).toBe('-#', pattern as RegExp);
      });
    }
    marbles(({ connection, expectSessionError }) => {
      const conn = connection('-#');
      of(conn).pipe(serve(echo)).subscribe();
      expectSessionError(conn).toBe('-#', 'ECONNRESET');
    });
  });

  it('must be the one that is expected, and there', () => {
    const message = (pattern: unknown, marks = '-#') =>
      failureOf(({ connection, expectSessionError }) => {
        const conn = connection('-b', values);
        of(conn).pipe(serve(buggy)).subscribe();
        expectSessionError(conn).toBe(marks, pattern as RegExp);
      }).message;
    expect(message(RangeError)).toMatch(
      /frame 1 differs\n\n {2}expected {2}-#\n {2}actual {4}-.\n(.|\n)*RangeError\n(.|\n)*TypeError: bug/,
    );
    expect(message('EPIPE')).toContain("'EPIPE'");
    expect(message(undefined)).toBe(
      'expectSessionError(connection 1): the error must be a code, a RegExp for its message, a class of errors or a matcher, got undefined',
    );
    expect(message(/bug/, '')).toContain('frame 1 differs');
  });

  it('differs from another one', () => {
    const { message } = failureOf(({ connection, expectSessionError }) => {
      const conn = connection('-b', values);
      of(conn, conn)
        .pipe(serve((it) => it.pipe(map((chunk) => failing(chunk)))))
        .subscribe();
      let count = 0;
      const failing = (chunk: Buffer): never => {
        count += 1;
        throw new TypeError(`${String(chunk)} ${String(count)}`);
      };
      expectSessionError(conn).toBe('-#', RangeError);
    });
    expect(message).toMatch(/RangeError(.|\n)*TypeError: boom/);
  });

  it('is known where expectClosed names what the connection has failed with', () => {
    marbles(({ connection, expectClosed }) => {
      const conn = connection('-#');
      of(conn).pipe(serve(echo)).subscribe();
      expectClosed(conn).toBe('-#');
    });
  });
});

describe('marbles: toAddUpTo', () => {
  it('fails on an RST that is not expected, and on an end that is missing', () => {
    expect(
      failureOf(({ connection, expectOutput }) => {
        const conn = connection('-a');
        of(conn)
          .pipe(serve((it) => it.pipe(take(1), sendTo(it)), { onError: () => undefined }))
          .subscribe();
        timer(2).subscribe(() => {
          conn.reset();
        });
        expectOutput(conn).toAddUpTo('a', { end: 'rst' });
      }).message,
    ).toBe(
      'expectOutput(connection 1): the bytes are as expected, the end is not\n\n  expected  RST\n  actual    FIN\n',
    );
    expect(
      failureOf(({ connection, expectOutput }) => {
        const conn = connection('-a-#');
        of(conn)
          .pipe(serve(echo, { onError: () => undefined }))
          .subscribe();
        expectOutput(conn).toAddUpTo('a');
      }).message,
    ).toContain('expected  FIN\n  actual    no end');
  });

  it('takes another end that is named', () => {
    marbles(({ connection, expectOutput, at }) => {
      const [reset, open] = [connection('-a'), connection('-a')];
      of(reset, open)
        .pipe(serve(echo, { onError: () => undefined }))
        .subscribe();
      at('--r', {
        r: () => {
          reset.reset();
        },
      });
      expectOutput(reset).toAddUpTo('a', { end: 'rst' });
      expectOutput(open).toAddUpTo('a', { end: 'none' });
    });
  });

  it('shows both sides around the first byte that differs', () => {
    const text = 'x'.repeat(1000);
    const { message } = failureOf(({ connection, expectOutput }) => {
      const conn = connection('a|', { a: `${text}right${text}` });
      of(conn).pipe(serve(echo)).subscribe();
      expectOutput(conn).toAddUpTo(`${text}wrong${text}`);
    });
    const around = (word: string) =>
      `"…${'x'.repeat(16)}${word}${'x'.repeat(27)}…" (2005 bytes, from byte 984)`;
    expect(message).toBe(
      `expectOutput(connection 1): byte 1000 differs\n\n  expected  ${around('wrong')}\n  actual    ${around('right')}, then FIN\n`,
    );
  });
});

describe('marbles: leftovers', () => {
  const left = (body: (helpers: MarbleHelpers) => unknown) => failureOf(body).message;

  it('fails a test that leaves output unsent', () => {
    const body = ({ connection }: MarbleHelpers) => {
      const conn = connection('', {}, { takes: '3' });
      conn.next('abcde');
      return conn;
    };
    expect(left((helpers) => void body(helpers))).toBe(
      'connection 1 has 2 bytes unsent when the test ends, "de": its peer takes too little, or expectUnsent()',
    );
    marbles((helpers) => {
      helpers.expectUnsent(body(helpers)).toBe('de');
    });
    expect(
      left((helpers) => {
        helpers.expectUnsent(body(helpers)).toBe('e');
      }),
    ).toContain('what is left differs');
  });

  it('fails a test that leaves a connection saturated', () => {
    const body = ({ connection }: MarbleHelpers) => {
      const conn = connection('', {}, { takes: '', write: { high: 2, low: 1 } });
      conn.next('abc');
      return conn;
    };
    expect(left((helpers) => void body(helpers))).toBe(
      'connection 1 is saturated when the test ends: its peer takes too little, or expectSaturation()',
    );
    marbles((helpers) => {
      helpers.expectSaturation(body(helpers)).toBe('^');
    });
  });

  it('fails a test that leaves a connection open, in whole or in half', () => {
    expect(
      left(({ connection, expectDemand }) => {
        const conn = connection('-a-|');
        conn.pipe(ignoreElements()).subscribe();
        expectDemand(conn).toBe('^--!');
        conn.core.keepOpen();
      }),
    ).toBe(
      'connection 1 is open when the test ends: an end of its output is missing, or expectClosed()',
    );
    expect(
      left(({ connection }) => {
        const conn = connection('');
        conn.complete();
        conn.subscribe();
      }),
    ).toBe("connection 1 is open when the test ends: its peer's end is missing, or expectClosed()");
    marbles(({ connection, expectClosed, expectOutput }) => {
      const [one, other] = [connection(''), connection('-a')];
      one.complete();
      expectClosed(one).toBe('');
      of(other).pipe(serve(echo)).subscribe();
      // An output that is drawn without an end is known to be open.
      expectOutput(other).toBe('-a');
    });
  });

  it('fails a test whose peer never connects', () => {
    expect(left(({ peer }) => void peer(''))).toBe(
      'peer 1 stands in no diagram: give it to a listener or a connector',
    );
    expect(left(({ peer, listener }) => void listener('--a', { a: peer('') }))).toBe(
      'peer 1 was refused at frame 2: nobody listened, or expectRefused()',
    );
    const full = ({ peer, listener, expectClosed }: MarbleHelpers) => {
      const [a, b] = [peer(''), peer('')];
      const server = listener('(ab)', { a, b }, { maxConnections: 1 });
      server.pipe(serve(echo)).subscribe();
      expectClosed(a).toBe('');
      return { a, server };
    };
    expect(left((helpers) => void full(helpers))).toBe(
      'peer 2 has not been connected when the test ends: nobody accepts it, its attempt was given up, or expectConnected()',
    );
    marbles((helpers) => {
      const { a, server } = full(helpers);
      helpers.expectAccepted(server).toBe('a', { a });
    });
  });

  it('lets a test expect when a peer connects and is refused', () => {
    marbles(({ peer, listener, expectRefused, expectConnected }) => {
      const [early, a] = [peer(''), peer('|')];
      const server = listener('-e--a', { e: early, a });
      timer(3).subscribe(() => {
        server.pipe(serve(echo)).subscribe();
      });
      expectRefused(early).toBe('-#');
      expectConnected(early).toBe('');
      expectConnected(a).toBe('----^');
      expectRefused(a).toBe('');
    });
    expect(
      left(({ peer, listener, expectRefused }) => {
        const a = peer('');
        listener('-a', { a });
        expectRefused(a).toBe('--#');
      }),
    ).toContain('expectRefused(peer 1): frame 1 differs');
  });

  it('fails a test whose client makes fewer attempts than are drawn', () => {
    const body = ({ connector }: MarbleHelpers) => {
      const connect = connector(['-#', '-#', '#']);
      connect({ port: 1 }).subscribe({ error: () => undefined });
      return connect;
    };
    expect(left((helpers) => void body(helpers))).toBe(
      'connector 1 has made 1 of the 3 attempts in its diagrams when the test ends, or expectAttempts()',
    );
    marbles((helpers) => {
      helpers.expectAttempts(body(helpers)).toBe('1');
    });
  });

  it('fails a test whose connection has closed when its peer sends', () => {
    const body = ({ connection, at }: MarbleHelpers) => {
      const conn = connection('-a--b|', { a: 'one', b: 'two' });
      of(conn)
        .pipe(serve(echo, { onError: () => undefined }))
        .subscribe();
      at('--d', {
        d: () => {
          conn.destroy();
        },
      });
      return conn;
    };
    expect(left((helpers) => void body(helpers))).toBe(
      'connection 1 was closed when 3 bytes of its diagram came, "two": nobody has had them, or expectClosed()',
    );
    marbles((helpers) => {
      helpers.expectClosed(body(helpers)).toBe('--!');
    });
    expect(
      left(({ connection }) => {
        connection('---t', { t: readTimeout }).destroy();
      }),
    ).toBe('connection 1 was closed when a timeout of its diagram came, or expectClosed()');
  });

  it('fails a test in which nobody listens when a listener ends, fails or has trouble', () => {
    const trouble = new LibeventError('EMFILE', 'accept');
    for (const [diagram, sign] of [
      ['--|', '|'],
      ['--#', '#'],
      ['--t', 'EMFILE'],
    ] as const) {
      expect(left(({ listener }) => void listener(diagram, { t: trouble }))).toBe(
        `listener 1: nobody listened when '${sign}' of its diagram came at frame 2, or expectDemand()`,
      );
    }
  });

  it('points at the line that has made what is left', () => {
    const { stack } = failureOf(({ connection }) => {
      connection('');
    });
    expect(stack?.split('\n').find((line) => line.includes(' at '))).toContain('falsePasses.spec');
  });

  it('fails an expectObservable or expectSubscriptions that says nothing', () => {
    expect(left(({ cold, expectObservable }) => void expectObservable(cold('-a|')))).toBe(
      'expectObservable: nothing is expected, call toBe()',
    );
    expect(
      left(({ cold, expectSubscriptions }) => void expectSubscriptions(cold('|').subscriptions)),
    ).toBe('expectSubscriptions: nothing is expected, call toBe()');
  });

  it('lists all that has failed, those of expectObservable included, each with its line', () => {
    const failure = failureOf(({ connection, cold, expectObservable, expectClosed }) => {
      const conn = connection('-|');
      conn.subscribe();
      expectObservable(cold('-a|')).toBe('-b|');
      expectObservable(cold('-a|')).toBe('-a|');
      expectObservable(cold('-a|')).toBe('--a|');
      expectClosed(conn).toBe('--|');
    });
    expect(failure.errors.map(({ message }) => message.split('\n')[0])).toEqual([
      'expectObservable: the timelines differ',
      'expectObservable: the timelines differ',
      'expectClosed(connection 1): frame 1 differs',
    ]);
    const lines = failure.errors.map(
      ({ stack }) => /falsePasses\.spec\.ts:(\d+)/.exec(stack ?? '')?.[1],
    );
    expect(new Set(lines).size).toBe(3);
  });
});

describe('marbles: use after the end of a test', () => {
  function ended(): { conn: Connection; helpers: MarbleHelpers } {
    let late: { conn: Connection; helpers: MarbleHelpers } | undefined;
    marbles((helpers) => {
      const conn = helpers.connection('');
      helpers.expectUnsent(conn).toBe('');
      helpers.expectClosed(conn).toBe('');
      conn.hold('test')();
      conn.next('x');
      late = { conn, helpers };
    });
    return late!;
  }

  it('is refused, where it would do something', async () => {
    const { conn, helpers } = ended();
    const when = 'when its test had ended: nothing happens any more. Promises settle only then';
    expect(() => {
      conn.next('late');
    }).toThrow(`connection 1 was written to ${when}`);
    await expect(
      new Promise((_resolve, reject) => conn.subscribe({ error: reject })),
    ).rejects.toThrow(`connection 1 was read ${when}`);
    await expect(
      new Promise((_resolve, reject) => helpers.base.timer(1).subscribe({ error: reject })),
    ).rejects.toThrow(`a timer of the base was started ${when}`);
  });

  it('lets what is open be ended', () => {
    const { conn } = ended();
    conn.hold('late')();
    conn.reset();
    conn.destroy();
  });
});

describe('marbles: promises', () => {
  const answering = (conn: Connection) =>
    conn.pipe(
      // eslint-disable-next-line @typescript-eslint/require-await
      concatMap(async (chunk) => `${String(chunk)}!`),
      sendTo(conn),
    );

  it('are named as the reason of a failure, with the line that makes them', () => {
    const { message } = failureOf(({ connection, expectOutput }) => {
      const conn = connection('-a|');
      of(conn).pipe(serve(answering)).subscribe();
      expectOutput(conn).toBe('-(x|)', { x: 'a!' });
    });
    expect(message).toMatch(
      /^a promise was made in this test, and no promise settles in virtual time: give .*\n +at .*falsePasses\.spec\.ts.*\n\nexpectOutput/,
    );
  });

  it('keep a connection open, which is left over', () => {
    const { message } = failureOf(({ connection, expectDemand }) => {
      const conn = connection('-a|');
      of(conn).pipe(serve(answering)).subscribe();
      expectDemand(conn).toBe('^-!');
    });
    expect(message).toMatch(/^a promise was made in this test(.|\n)*connection 1 is open when/);
  });

  it('are no reason where none is made', () => {
    expect(
      failureOf(({ connection }) => {
        connection('');
      }).message,
    ).not.toContain('promise');
  });

  it('are no body, and a body that rejects takes nobody with it', async () => {
    expect(failureOf(() => Promise.reject(new Error('unheard'))).message).toBe(
      'a marble test is synchronous, its body must not return a promise',
    );
    await new Promise(setImmediate);
  });
});

describe('marbles: options that nobody knows', () => {
  it.each([
    [
      'connection',
      (helpers: MarbleHelpers) => helpers.connection('', {}, { coalesced: 1 } as never),
    ],
    ['peer', (helpers: MarbleHelpers) => helpers.peer('', {}, { take: '*' } as never)],
    ['listener', (helpers: MarbleHelpers) => helpers.listener('', {}, { backlogs: 1 } as never)],
    ['connector', (helpers: MarbleHelpers) => helpers.connector([], {}, { adresses: [] } as never)],
    ['connect', (helpers: MarbleHelpers) => helpers.connector([])({ port: 1, hots: 'x' } as never)],
    [
      'expectOutput',
      (helpers: MarbleHelpers) =>
        helpers.expectOutput(helpers.connection(''), { coalesce: 1 } as never),
    ],
    [
      'toAddUpTo',
      (helpers: MarbleHelpers) => {
        helpers.expectOutput(helpers.connection('')).toAddUpTo('', { ends: 'rst' } as never);
      },
    ],
    ['timer', (helpers: MarbleHelpers) => helpers.base.timer(1, 1, { priorty: 1 } as never)],
  ])('are refused by %s, by name', (_call, body) => {
    expect(() => {
      marbles(body);
    }).toThrow(/config has an unknown option '\w+', did you mean '\w+'\?$/);
  });
});
