import { NEVER, concatMap, delay, ignoreElements, merge, of, tap } from 'rxjs';
import { concatMapHeld, sendTo, serve } from 'rxjs-libevent';
import { marbles } from './support/marbles';

describe('marbles, how connections end', () => {
  it('T9: starts the deadline of close() anew with every byte that is sent', () => {
    marbles(({ connection, at, expectOutput, expectClosed }) => {
      const conn = connection('-----------------------|', {}, { takes: '----1---1---1---1' });
      at('-c', {
        c: () => {
          conn.next('abcd');
          conn.close(6);
        },
      });
      expectOutput(conn).toBe('----a---b---c---(d|)');
      expectClosed(conn).toBe('----------------------!');
    });
  });

  it('T2, T9: resets at the deadline of close() when nothing has been sent for so long', () => {
    marbles(({ connection, at, expectOutput, expectClosed }) => {
      const conn = connection('', {}, { takes: '----1' });
      at('-c', {
        c: () => {
          conn.next('ab');
          conn.close(6);
        },
      });
      expectOutput(conn).toBe('----a-----#');
      expectClosed(conn).toBe('----------R');
    });
  });

  it('T3: ends a pipeline in which no held stage works at the deadline, behind its connection', () => {
    marbles(({ connection, expectClosed, expectObservable }) => {
      const conn = connection('--|');
      const served = of(conn).pipe(
        serve(() => merge(conn.pipe(ignoreElements()), NEVER), { closeDeadlineMs: 5 }),
      );
      expectClosed(conn).toBe('--|');
      expectObservable(served).toBe('-------|');
    });
  });

  it('T3: waits for a held stage that works, whatever the deadline', () => {
    marbles(({ connection, expectClosed, expectObservable }) => {
      const conn = connection('-a|');
      const got: string[] = [];
      const served = of(conn).pipe(
        serve(
          () => {
            conn.complete();
            return conn.pipe(
              concatMapHeld((chunk) => of(String(chunk)).pipe(delay(20))),
              tap((value) => got.push(value)),
            );
          },
          { closeDeadlineMs: 5 },
        ),
      );
      expectClosed(conn).toBe('--|');
      expectObservable(served).toBe('---------------------|');
    });
  });

  it('T4: answers a client that has half-closed, by a plain asynchronous stage', () => {
    marbles(({ connection, expectOutput, expectClosed }) => {
      const conn = connection('-a|', { a: 'ask' });
      of(conn)
        .pipe(
          serve((it) =>
            it.pipe(
              concatMap(() => of('answer').pipe(delay(5))),
              sendTo(it),
            ),
          ),
        )
        .subscribe();
      expectOutput(conn).toBe('------(a|)', { a: 'answer' });
      expectClosed(conn).toBe('------|');
    });
  });
});
