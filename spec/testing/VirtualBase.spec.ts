import {
  type SchedulerLike,
  NEVER,
  catchError,
  concatMap,
  debounceTime,
  delay,
  map,
  merge,
  of,
  take,
  timeout,
  timer,
} from 'rxjs';
import {
  type Connection,
  type EventBase,
  type LibeventError,
  lines,
  sendTo,
  serve,
} from 'rxjs-libevent';
import type { VirtualBase } from 'rxjs-libevent/testing';
import { marbles } from './support/marbles';

describe('base', () => {
  it("runs time operators on the base's scheduler in virtual time", () => {
    const quiet = (conn: Connection, scheduler: SchedulerLike) =>
      conn.pipe(lines(), debounceTime(3, scheduler));
    marbles(({ base, connection, expectObservable }) => {
      const conn = connection('a-b-----c|', { a: 'a\n', b: 'b\n', c: 'c\n' });
      expectObservable(quiet(conn, base.scheduler)).toBe('-----b---(c|)');
    });
  });

  it('times out on it', () => {
    marbles(({ base, connection, expectClosed, expectObservable }) => {
      const conn = connection('a');
      expectClosed(conn).toBe('');
      const timed = conn.pipe(
        map(() => 'a'),
        timeout({ each: 5, scheduler: base.scheduler }),
      );
      expectObservable(timed).toBe(
        'a----#',
        { a: 'a' },
        expect.objectContaining({ name: 'TimeoutError' }),
      );
    });
  });

  it('has timers, once and again', () => {
    marbles(({ base, expectObservable }) => {
      expectObservable(base.timer(2)).toBe('--(0|)', { 0: 0 });
      expectObservable(base.timer(2, 3).pipe(take(3))).toBe('--0--1--(2|)', { 0: 0, 1: 1, 2: 2 });
      expectObservable(base.timer(new Date(4))).toBe('----(0|)', { 0: 0 });
      expect(() => base.timer(-1)).toThrow('dueMs');
    });
  });

  it('listens, and connects to who listens, in no time', () => {
    marbles(({ base, at, expectObservable }) => {
      const listening = { subscription: NEVER.subscribe() };
      const ask = (conn: Connection) =>
        merge(of('ask\n').pipe(sendTo(conn, { end: true })), conn.pipe(lines()));
      const asks = timer(0, 5).pipe(
        take(3),
        concatMap(() =>
          base
            .connect({ port: 7 }, ask)
            .pipe(catchError((error) => of((error as LibeventError).code))),
        ),
      );
      at('--l------e', {
        l: () => {
          const answer = (conn: Connection) => conn.pipe(delay(2), sendTo(conn));
          listening.subscription = base.listen({ port: 7 }).pipe(serve(answer)).subscribe();
        },
        e: () => {
          listening.subscription.unsubscribe();
        },
      });
      expectObservable(asks).toBe('r------a--(r|)', { r: 'ECONNREFUSED', a: 'ask' });
    });
  });

  it('stands where a base of the library stands', () => {
    const clockOf = (base: Pick<EventBase, 'scheduler' | 'timer'>): SchedulerLike => base.scheduler;
    marbles(({ base }) => {
      const virtual: VirtualBase = base;
      expect(clockOf(virtual).now()).toBe(0);
    });
  });
});
