import type * as rxjs from 'rxjs';
import { NEVER, map, of, take, tap } from 'rxjs';
import { sendTo, serve } from 'rxjs-libevent';
import { type MarbleHelpers, marbles as plain, simulate } from 'rxjs-libevent/testing';
import { failureOf } from './support/failureOf';
import { marbles } from './support/marbles';
import { messageOf } from './support/messageOf';

/** A copy of its own, as a project has it that links a checkout. */
function anotherRxjs(): typeof rxjs {
  let other: typeof rxjs | undefined;
  jest.isolateModules(() => {
    other = jest.requireActual('rxjs');
  });
  if (other === undefined) throw new Error('nothing was loaded');
  return other;
}

const echo = serve((conn) => conn.pipe(sendTo(conn)));

/** Plausible tests that are wrong, beside those of falsePasses and badInput: each fails, and shows why. */
describe('marbles: a mistake', () => {
  const passes = ({ connection, expectOutput }: MarbleHelpers) => {
    const conn = connection('-a|');
    of(conn).pipe(echo).subscribe();
    const expectation = expectOutput(conn);
    expectation.toBe('-a|');
    return expectation;
  };

  it('is a generator in place of a body: nothing of it would be done', () => {
    const message = messageOf(function* ({ connection, expectOutput }) {
      expectOutput(connection('-a|')).toBe('what it is not');
      yield;
    });
    expect(message).toBe('a marble test is no generator: nothing of its body has been done');
  });

  it('is a test within a test, whose virtual time would end with it', () => {
    const nested = /^marbles within marbles: there is one virtual time, run one behind the other$/;
    expect(messageOf(() => plain(passes))).toMatch(nested);
    expect(messageOf(() => simulate({ seed: 1 }, () => undefined))).toMatch(
      /^simulate within marbles/,
    );
    // The one that was refused leaves nothing behind.
    marbles(passes);
  });

  it('is what is expected when the test has ended', () => {
    const late: (() => void)[] = [];
    marbles((helpers) => {
      const expectation = passes(helpers);
      const { cold, connection, expectObservable, expectSubscriptions, expectUnread } = helpers;
      const held = connection('-u|');
      held.hold('held');
      held.subscribe();
      helpers.expectHolds(held).toBe('h', { h: 'held' });
      const unread = expectUnread(held);
      unread.toBe('u');
      const observed = expectObservable(NEVER);
      observed.toBe('');
      const { subscriptions } = cold('-');
      late.push(
        () => expectation.toBe('-b|'),
        () => expectation.toAddUpTo('b'),
        () => unread.toBe('b'),
        () => observed.toBe('b'),
        () => expectObservable(NEVER),
        () => expectSubscriptions(subscriptions),
      );
    });
    for (const state of late)
      expect(state).toThrow('this test has ended, nothing is looked at any more');
  });

  it.each([
    ['a timer of Node', (then: () => void) => setTimeout(then, 1), 'a timer of Node was started'],
    ['setImmediate', (then: () => void) => setImmediate(then), 'setImmediate() was called'],
    [
      'queueMicrotask',
      (then: () => void) => {
        queueMicrotask(then);
      },
      'queueMicrotask() was called',
    ],
  ])('is %s in a pipeline, which is named as the reason, at its line', (_name, start, reason) => {
    const message = messageOf(({ connection, expectOutput }) => {
      const conn = connection('-a');
      conn
        .pipe(
          tap(() => {
            start(() => undefined);
          }),
        )
        .subscribe();
      expectOutput(conn).toBe('-b|');
    });
    expect(message.startsWith(reason)).toBe(true);
    expect(message).toContain('mistakes.spec.ts');
    expect(message).toContain('expectOutput(connection 1): frame 1 differs');
  });

  it('is another RxJS, whose time operators are not in virtual time', () => {
    const other = anotherRxjs();
    const failure = failureOf(() => {
      other.timer(1).subscribe();
    });
    expect(failure.message).toMatch(
      /^RxJS is there twice: a timer of .*rxjs was started in this test, and virtual time is that of .*rxjs[.]/,
    );
    expect(failure.stack).toMatch(/\n +at .*mistakes\.spec\.ts/);
    expect(
      messageOf(({ expectObservable }) => {
        expectObservable(other.timer(1)).toBe('-(a|)', { a: 0 });
      }),
    ).toMatch(/^2 things have failed\n\nRxJS is there twice(.|\n)*expectObservable/);
  });

  it('is an error that expectObservable does not expect: a # in both timelines', () => {
    const message = messageOf(({ connection, expectObservable }) => {
      expectObservable(connection('-#')).toBe('-#');
    });
    const lines = [
      '  expected  -#',
      '  actual    -#',
      '             ^',
      "  #  'error'",
      '  #  LibeventError: read ECONNRESET: connection reset by peer',
    ];
    expect(message).toContain(lines.join('\n'));
  });
});

describe('marbles: signals of the base', () => {
  it('come to who has subscribed, at their frame, within() so many', () => {
    marbles(({ base, at, connection, expectObservable, expectOutput, expectClosed }) => {
      const conn = connection('----|');
      base
        .signal('SIGHUP')
        .pipe(
          take(1),
          map(() => 'reload\n'),
        )
        .subscribe((text) => {
          conn.next(text);
        });
      conn.subscribe({
        complete: () => {
          conn.complete();
        },
      });
      const names = base
        .signal('SIGUSR2')
        .pipe(map(({ signal, count }) => `${signal} ${String(count)}`));
      expectObservable(names, '^---!').toBe('--(uu)', { u: 'SIGUSR2 1' });
      at('-hu', {
        h: () => {
          base.raise('SIGHUP');
        },
        u: () => {
          base.raise('SIGUSR2');
          base.raise('SIGUSR2');
        },
      });
      expectOutput(conn).within(1).toBe('r---|', { r: 'reload\n' });
      expectClosed(conn).toBe('----|');
    });
  });

  it('end a serve() by its shutdown', () => {
    marbles(({ base, at, listener, peer, expectDemand, expectOutput }) => {
      const client = peer('-a---b|');
      const server = listener('c', { c: client });
      server
        .pipe(serve((conn) => conn.pipe(sendTo(conn)), { shutdown: base.signal('SIGTERM') }))
        .subscribe();
      at('---t', {
        t: () => {
          base.raise('SIGTERM');
        },
      });
      expectDemand(server).toBe('^--!');
      expectOutput(client).toBe('-a---b|');
    });
  });

  it('fail the test where nobody has subscribed: they would end the process', () => {
    const failure = failureOf(({ base, at }) => {
      at('-t', {
        t: () => {
          base.raise('SIGTERM');
        },
      });
    });
    expect(failure.message).toBe(
      'SIGTERM was raised and nobody has subscribed to it: it would end the process',
    );
    expect(failure.stack).toContain('mistakes.spec.ts');
    marbles(({ base }) => {
      base.raise('SIGWINCH');
    });
  });
});

describe('simulate: a mistake', () => {
  it('is a system that does nothing and states nothing', () => {
    expect(() => simulate({ seed: 1, seeds: 3 }, () => undefined)).toThrow(
      'simulate: the system does nothing and states nothing: nothing was looked at',
    );
  });

  it('is another RxJS, though nothing fails of it', () => {
    const other = anotherRxjs();
    const run = (): unknown => simulate({ seed: 1 }, () => other.timer(1).subscribe());
    expect(run).toThrow('simulate: RxJS is there twice: a timer of ');
  });

  it('is a simulation within a simulation', () => {
    const run = (): unknown =>
      simulate({ seed: 1 }, () => {
        simulate({ seed: 2 }, () => undefined);
      });
    expect(run).toThrow('simulate within simulate: there is one virtual time');
  });
});
