import { type SchedulerLike, debounceTime, map, take, timeout } from 'rxjs';
import { type Connection, type EventBase, lines } from 'rxjs-libevent';
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

  it('stands where a base of the library stands', () => {
    const clockOf = (base: Pick<EventBase, 'scheduler' | 'timer'>): SchedulerLike => base.scheduler;
    marbles(({ base }) => {
      const virtual: VirtualBase = base;
      expect(clockOf(virtual).now()).toBe(0);
    });
  });
});
