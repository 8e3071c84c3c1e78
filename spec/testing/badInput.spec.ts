import { interval, of } from 'rxjs';
import { type Connection, LibeventError, sendTo, serve } from 'rxjs-libevent';
import { type MarbleHelpers, marbles as run } from 'rxjs-libevent/testing';
import { marbles } from './support/marbles';
import { messageOf } from './support/messageOf';

describe('marbles with bad input', () => {
  it.each([
    ['a group that does not end', '--(a', 'connection 1: a group does not end\n\n  --(a\n    ^'],
    [
      'a group that has not begun',
      '-a)',
      'connection 1: a group ends that has not begun\n\n  -a)\n    ^',
    ],
    ['a group within a group', '((a))', 'connection 1: a group within a group\n\n  ((a))\n   ^'],
    [
      'time within a group',
      '(a-b)',
      'connection 1: no time passes within a group\n\n  (a-b)\n    ^',
    ],
    [
      'a sign of another diagram',
      '-a^',
      "connection 1: '^' has no meaning here, only values, '|', '#', '!' have\n\n  -a^\n    ^",
    ],
    [
      'bytes behind the FIN',
      '-a|b',
      "connection 1: behind '|', the peer's FIN, only '#' or '!' can come: '-a|b'",
    ],
    [
      'something behind an error',
      '-#-a',
      "connection 1: nothing can come after '#'\n\n  -#-a\n     ^",
    ],
  ])('names %s and its place', (_what, diagram, message) => {
    expect(messageOf(({ connection }) => connection(diagram))).toBe(message);
  });

  it('names marbles that are no string', () => {
    expect(messageOf(({ connection }) => connection(5 as unknown as string))).toBe(
      'connection 1: marbles must be a string, got number',
    );
  });

  it('names a value that is not in the table', () => {
    expect(messageOf(({ connection }) => connection('-a-b', { a: 'x' }))).toBe(
      "connection 1: 'b' has no value, the table has 'a'",
    );
    expect(
      messageOf(({ connection, expectOutput }) => {
        expectOutput(connection('-|')).toBe('-x', { y: 'z' });
      }),
    ).toBe("expectOutput(connection 1): 'x' has no value, the table has 'y'");
  });

  it('names a value that is neither text nor bytes', () => {
    expect(messageOf(({ connection }) => connection('-a', { a: 5 as unknown as string }))).toBe(
      "connection 1: 'a' must be a string or a Uint8Array, got number",
    );
    expect(messageOf(({ connection }) => connection(['x', null as unknown as string]))).toBe(
      'connection 1: chunk 2 must be a string or a Uint8Array, got null',
    );
    expect(
      messageOf(({ connection, expectOutput }) => {
        expectOutput(connection('')).toAddUpTo(5 as unknown as string);
      }),
    ).toBe('expectOutput(connection 1): the sum must be a string or a Uint8Array, got number');
  });

  it('names a value that is undefined in the table', () => {
    const table = { a: undefined as unknown as string };
    expect(messageOf(({ connection }) => connection('-a', table))).toBe(
      "connection 1: 'a' is undefined in the table",
    );
  });

  it.each([
    ['null', null],
    ['string', 'a'],
    ['an array', ['a']],
  ])('names values that are no table: %s', (got, values) => {
    expect(messageOf(({ connection }) => connection('-a', values as never))).toBe(
      `connection 1: values must be an object, got ${got}`,
    );
  });

  it('names a character that needs a table where there is none', () => {
    expect(messageOf(({ listener }) => listener('-a'))).toBe(
      "listener 1: 'a' has no value, there is no table",
    );
    expect(messageOf(({ connector }) => connector(['-a']))).toBe(
      "connector 1: attempt 1: 'a' has no value, there is no table",
    );
    expect(
      messageOf(({ at }) => {
        at('-a', {});
      }),
    ).toBe("at: 'a' has no value, there is no table");
  });

  it.each(['connection', 'peer', 'listener', 'connector'] as const)(
    'names a config of %s that is none',
    (call) => {
      expect(messageOf((helpers) => helpers[call]([] as never, {}, null as never))).toBe(
        `${call}: config must be an object, got null`,
      );
      expect(messageOf((helpers) => helpers[call]([] as never, {}, { name: 5 } as never))).toBe(
        `${call}: name must be a string, got 5`,
      );
    },
  );

  it('fails two connections of one name', () => {
    expect(
      messageOf(({ connection, peer }) => {
        connection('', {}, { name: 'client' });
        peer('', {}, { name: 'client' });
      }),
    ).toBe("peer: there is a 'client' already, a name is for one");
  });

  it('names a connection by the name it was given', () => {
    expect(messageOf(({ connection }) => connection('(', {}, { name: 'client' }))).toMatch(
      /^client: /,
    );
  });

  it.each([
    ['takes without a table', { takes: '-x' }, /^connection 1: takes: 'x' has no value/],
    [
      'takes of half a byte',
      { takes: ['-x', { x: 0.5 }] as const },
      /'x' must be a whole number of bytes, got 0.5/,
    ],
    [
      'a send buffer below nothing',
      { sendBufferBytes: -1 },
      /sendBufferBytes must be a whole number of bytes, got -1/,
    ],
    [
      'takes that are no marbles',
      { takes: 5 as never },
      /^connection 1: takes must be marbles or \[marbles, values\], got number$/,
    ],
    [
      'a coalesce that is neither',
      { coalesce: 'no' as never },
      /^connection 1: coalesce must be true or false, got string$/,
    ],
    ['an errno by no name', { code: 'broken' }, /code must be the name of an errno, got 'broken'/],
    ['marks out of order', { read: { low: 5, high: 4 } }, /read.low must not be above read.high/],
  ])('names %s', (_what, config, message) => {
    expect(messageOf(({ connection }) => connection('-a', { a: 'x' }, config))).toMatch(message);
  });

  it.each([
    'expectOutput',
    'expectDemand',
    'expectHolds',
    'expectClosed',
    'expectSaturation',
    'expectWritten',
  ] as const)('fails %s of a connection that was never used', (call) => {
    expect(
      messageOf((helpers) => {
        helpers[call](helpers.connection('|')).toBe('');
      }),
    ).toBe(
      `${call}(connection 1): connection 1 was never used: nobody subscribed to it, wrote to it, held it or closed it`,
    );
  });

  it('fails an expectation of a peer that was never accepted', () => {
    expect(
      messageOf(({ peer, expectOutput }) => {
        expectOutput(peer('-a|')).toBe('');
      }),
    ).toBe('expectOutput(peer 1): peer 1 was never accepted');
  });

  it('fails an expectation of a peer that was refused, and says when', () => {
    expect(
      messageOf(({ peer, listener, expectOutput }) => {
        const a = peer('-a|');
        listener('---a', { a });
        expectOutput(a).toBe('');
      }),
    ).toBe('expectOutput(peer 1): peer 1 was refused at frame 3');
  });

  it.each([
    ['expectOutput', 'a connection or a peer'],
    ['expectDemand', 'a connection or a peer'],
    ['expectAccepted', 'a listener'],
    ['expectAttempts', 'a connect'],
  ] as const)('fails %s of something else', (call, takes) => {
    const message = (got: string) =>
      `${call}: takes ${takes} that this test's helpers have made, got ${got}`;
    const given = (end: unknown) => messageOf((helpers) => helpers[call](end as never));
    expect(given({})).toBe(message('object'));
    expect(given(null)).toBe(message('null'));
    expect(given(Object.create(null))).toBe(message('object'));
    expect(given(new Map())).toBe(message('Map'));
  });

  it('fails an expectation of a connection of another test', () => {
    let other: Connection | undefined;
    messageOf(({ connection }) => {
      other = connection('');
    });
    expect(
      messageOf(({ expectOutput }) => {
        expectOutput(other as Connection);
      }),
    ).toMatch(/^expectOutput: takes a connection or a peer .*, got Connection$/);
  });

  it('fails what is said when the test has ended', () => {
    let after = () => undefined as unknown;
    const late = (call: (helpers: MarbleHelpers, conn: Connection) => unknown) => {
      marbles((helpers) => {
        const conn = helpers.connection('');
        conn.destroy();
        after = () => call(helpers, conn);
      });
      return expect(after);
    };
    const message = 'this test has ended, nothing is looked at any more';
    late(({ connection }) => connection('')).toThrow(`connection: ${message}`);
    late(({ listener }) => listener('')).toThrow(`listener: ${message}`);
    late(({ connector }) => connector([])).toThrow(`connector: ${message}`);
    late(({ at }) => at('', {})).toThrow(`at: ${message}`);
    late(({ expectOutput }, conn) => expectOutput(conn)).toThrow(
      `expectOutput(connection 1): ${message}`,
    );
    late(({ expectUnread }, conn) => expectUnread(conn)).toThrow(
      `expectUnread(connection 1): ${message}`,
    );
  });

  it('fails a test whose virtual time does not end', () => {
    expect(
      messageOf(() => {
        interval(10).subscribe();
      }),
    ).toBe(
      "virtual time does not end: 1000000 steps have been done and it is frame 10000010; unsubscribe from what repeats, as take() or expectObservable(…, '^ 1s !') does",
    );
  });

  it('fails an expectation that states nothing', () => {
    expect(
      messageOf(({ connection, expectOutput }) => {
        expectOutput(connection('|'));
      }),
    ).toBe('expectOutput(connection 1): nothing is expected, call toBe()');
  });

  it('fails a test that leaves a hold, by its cause', () => {
    expect(
      messageOf(({ connection }) => {
        connection('').hold('my stage');
      }),
    ).toBe(
      "connection 1 is held when the test ends, by 'my stage': a release is missing, or expectHolds()",
    );
  });

  it('shows a cause that is no text', () => {
    const cause = (reason: unknown) => messageOf(({ connection }) => connection('').hold(reason));
    expect(cause({ stage: 1 })).toMatch(
      /^connection 1 is held when the test ends, by { stage: 1 }:/,
    );
    expect(cause(Object.create(null))).toMatch(
      /^connection 1 is held when the test ends, by \[Object: null/,
    );
  });

  it('fails a test that leaves a connection saturated, by the peer', () => {
    expect(
      messageOf(({ connection }) => {
        const config = { takes: '', write: { high: 2, low: 1 } };
        of(connection('-a', { a: 'aaa' }, config))
          .pipe(serve((conn) => conn.pipe(sendTo(conn))))
          .subscribe();
      }),
    ).toBe(
      'connection 1 is held when the test ends, by connection 1, saturated: a peer takes too little, or expectHolds()',
    );
  });

  it('fails a test that leaves bytes unread, and shows them', () => {
    expect(messageOf(({ connection }) => connection('-a'))).toBe(
      'connection 1 has 1 byte unread when the test ends, "a": a reader is missing, or expectUnread()',
    );
    expect(messageOf(({ connection }) => connection('-a-b', { a: 'He', b: 'llo' }))).toBe(
      'connection 1 has 5 bytes unread when the test ends, "Hello": a reader is missing, or expectUnread()',
    );
  });

  it('lets a test expect what it leaves', () => {
    marbles(({ connection, expectUnread, expectHolds }) => {
      const conn = connection('--a', { a: 'Hello' });
      conn.hold('my stage');
      expectHolds(conn).toBe('h', { h: 'my stage' });
      expectUnread(conn).toBe('Hello');
    });
  });

  it('fails a body that returns a promise', () => {
    expect(messageOf(() => Promise.resolve())).toBe(
      'a marble test is synchronous, its body must not return a promise',
    );
  });

  it('throws TypeError for a body or an assertion that is no function', () => {
    expect(() => {
      run(undefined as never);
    }).toThrow(new TypeError('body must be a function, got undefined'));
    expect(() => {
      run(() => undefined, 'expect' as never);
    }).toThrow(new TypeError('assert must be a function, got string'));
  });

  it('names an ending that is none', () => {
    expect(
      messageOf(({ connection, expectClosed }) => {
        expectClosed(connection('')).toBe('--x');
      }),
    ).toBe("expectClosed(connection 1): 'x' is no ending, only '|', '#', '!' and 'R' are");
  });

  it('names a code of an ending that is no text', () => {
    expect(
      messageOf(({ connection, expectClosed }) => {
        expectClosed(connection('')).toBe('-#', {} as never);
      }),
    ).toBe(
      'expectClosed(connection 1): the error must be a code, a RegExp for its message, a class of errors or a matcher, got object',
    );
  });

  it('throws what the pipeline throws', () => {
    expect(
      messageOf(({ connection }) => {
        connection('-a').subscribe(() => {
          throw new LibeventError('EBADF', 'spec');
        });
      }),
    ).toMatch(/^spec EBADF/);
  });
});
