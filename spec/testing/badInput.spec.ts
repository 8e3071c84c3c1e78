import { type MarbleHelpers, marbles as run } from 'rxjs-libevent/testing';
import { LibeventError } from 'rxjs-libevent';
import { marbles } from './support/marbles';

function messageOf(body: (helpers: MarbleHelpers) => unknown): string {
  try {
    marbles(body);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

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
      '-a!',
      "connection 1: '!' has no meaning here, only values, '|', '#' have\n\n  -a!\n    ^",
    ],
    [
      'bytes behind the FIN',
      '-a|b',
      "connection 1: behind '|', the peer's FIN, only '#' can come: '-a|b'",
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
      'connection 1: a value must be a string or a Uint8Array, got number',
    );
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

  it('fails an expectation of something else', () => {
    expect(messageOf(({ expectOutput }) => expectOutput({} as never))).toBe(
      "expectOutput: not made by this test's helpers: Object",
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
      "connection 1 is held by 'my stage' when the test ends: a release is missing, or expectHolds()",
    );
  });

  it('fails a test that leaves bytes unread, and shows them', () => {
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

  it('fails a peer that stands in two places', () => {
    expect(
      messageOf(({ peer, listener }) => {
        const a = peer('');
        listener('a-a', { a }, { name: 'door' });
      }),
    ).toBe('door: peer 1 stands in door already, it connects once');
  });

  it('fails an attempt to connect that has no script', () => {
    expect(
      messageOf(({ connector }) => {
        connector([])({ port: 1 }).subscribe();
      }),
    ).toBe('connector 1: attempt 1 at frame 0, the script has 0');
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

  it('names what arrives at a listener and is no peer', () => {
    expect(messageOf(({ listener }) => listener('-a', { a: 'peer' as never }))).toBe(
      "listener 1: 'a' must be a peer or a LibeventError, got string",
    );
  });

  it('names an ending that is none', () => {
    expect(
      messageOf(({ connection, expectClosed }) => {
        expectClosed(connection('')).toBe('--x');
      }),
    ).toBe("expectClosed(connection 1): 'x' is no ending, only '|', '#', '!' and 'R' are");
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
