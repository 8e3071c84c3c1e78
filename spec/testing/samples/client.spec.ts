import { LibeventError, type Session } from 'rxjs-libevent';
import type { Connect } from 'rxjs-libevent/testing';
import { client, type ClientOptions } from '../../../samples/pipelines/client';
import { marbles } from '../support/marbles';

/** A `connect` with its config. */
function to(connect: Connect) {
  return (session: Session<string>) => connect({ port: 40713 }, session);
}

describe('client', () => {
  let said: string[];
  let options: ClientOptions;

  beforeEach(() => {
    said = [];
    options = {
      ...{ periodMs: 10, firstWaitMs: 50, longestWaitMs: 200 },
      say: (what) => said.push(what),
    };
  });

  it('asks as soon as it is connected, at every period, and emits the answers', () => {
    marbles(({ connector, peer, base, expectObservable, expectOutput, expectClosed }) => {
      const server = peer('---x 26ms |', { x: 'answer 0\n' });
      const connect = to(connector(['--s'], { s: server }));
      expectObservable(client(connect, base, options), '^ 24ms !').toBe('-----a', {
        a: 'answer 0',
      });
      expectOutput(server).toBe('--a 9ms b 9ms c--|', {
        ...{ a: 'question 0\n', b: 'question 1\n', c: 'question 2\n' },
      });
      expectClosed(server).toBe('32ms |');
    });
    expect(said).toEqual(['connected to 127.0.0.1:40713']);
  });

  it('doubles its wait with every attempt that fails, up to the longest', () => {
    marbles(({ connector, base, expectAttempts, expectObservable }) => {
      const connect = connector(['#', '-#', '#', '#', '#', '']);
      expectObservable(client(to(connect), base, options), '^ 800ms !').toBe('');
      expectAttempts(connect).toBe('1 49ms 2 100ms 3 199ms 4 199ms 5 199ms 6');
    });
    const waits = said.map((what) => /^connect ECONNREFUSED.*; again in (\d+) ms$/.exec(what)?.[1]);
    expect(waits).toEqual(['50', '100', '200', '200', '200']);
  });

  it('comes again after a reset, and waits as at first once it has had an answer', () => {
    marbles(({ connector, peer, base, expectAttempts, expectObservable, expectClosed }) => {
      const [first, second] = [peer('-x#', { x: 'yes\n' }), peer('-x', { x: 'again\n' })];
      const connect = connector(['#', '#', 'a', 'b'], {
        a: first,
        b: second,
      });
      const answers = client(to(connect), base, options);
      expectObservable(answers, '^ 209ms !').toBe('151ms x 51ms y', { x: 'yes', y: 'again' });
      expectAttempts(connect).toBe('1 49ms 2 99ms 3 51ms 4');
      expectClosed(first).toBe('152ms #');
    });
    expect(said.at(-2)).toBe('read ECONNRESET: connection reset by peer; again in 50 ms');
  });

  it('comes again when the server says goodbye', () => {
    marbles(({ connector, peer, base, expectAttempts, expectClosed, expectObservable }) => {
      const [first, second] = [peer('-x|', { x: 'bye\n' }), peer('')];
      const connect = connector(['a', 'b'], { a: first, b: second });
      const answers = client(to(connect), base, options);
      expectObservable(answers, '^ 60ms !').toBe('-x', { x: 'bye' });
      expectAttempts(connect).toBe('1 51ms 2');
      expectClosed(first).toBe('--|');
    });
    expect(said).toContain('the server has closed; again in 50 ms');
  });

  it('waits, too, when there is no way to the server', () => {
    marbles(({ connector, base, expectAttempts, expectObservable }) => {
      const error = new LibeventError('ENETUNREACH', 'connect');
      const connect = connector(['--e', ''], { e: error });
      expectObservable(client(to(connect), base, options), '^ 60ms !').toBe('');
      expectAttempts(connect).toBe('1 51ms 2');
    });
  });
});
