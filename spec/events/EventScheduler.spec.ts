import {
  NEVER,
  Observable,
  Subject,
  asyncScheduler,
  auditTime,
  bufferTime,
  concat,
  concatMap,
  debounceTime,
  delay,
  firstValueFrom,
  from,
  ignoreElements,
  interval,
  observeOn,
  of,
  repeat,
  subscribeOn,
  take,
  throttleTime,
  timeout,
  timer,
  toArray,
  type MonoTypeOperatorFunction,
  type SchedulerAction,
  type SchedulerLike,
} from 'rxjs';
import fc from 'fast-check';
import { EventBase } from '../../lib/base/EventBase';
import type { LibeventError } from '../../lib/common/LibeventError';
import { EventScheduler } from '../../lib/events/EventScheduler';
import { ManualTimers } from './support/ManualTimers';
import { runScript } from './support/runScript';

function setUp(): { timers: ManualTimers; scheduler: EventScheduler; log: string[] } {
  const timers = new ManualTimers();
  return { timers, scheduler: new EventScheduler(timers), log: [] };
}

describe('EventScheduler', () => {
  it('runs work later, with its state, never inside schedule', () => {
    const { timers, scheduler, log } = setUp();
    scheduler.schedule((state?: string) => log.push(state ?? ''), 2.5, 'a');
    scheduler.schedule((state?: string) => log.push(state ?? ''), undefined, 'b');
    expect(log).toEqual([]);
    timers.advance(0);
    expect(log).toEqual(['b']);
    timers.advance(2.4);
    expect(log).toEqual(['b']);
    timers.advance(0.1);
    expect(log).toEqual(['b', 'a']);
  });

  it('has one timer for all its actions, and none without an action', () => {
    const { timers, scheduler } = setUp();
    const actions = [5, 3, 4].map((ms) => scheduler.schedule(() => undefined, ms));
    expect(timers.pending).toBe(1);
    for (const action of actions) action.unsubscribe();
    expect(timers.pending).toBe(0);
  });

  it('repeats what schedules itself', () => {
    const { timers, scheduler, log } = setUp();
    scheduler.schedule(
      function (this: SchedulerAction<number>, count = 0) {
        log.push(`${timers.now()}:${count}`);
        if (count < 2) this.schedule(count + 1, 10);
      },
      10,
      0,
    );
    timers.advance(100);
    expect(log).toEqual(['10:0', '20:1', '30:2']);
  });

  it('puts off what is scheduled again before it has run', () => {
    const { timers, scheduler, log } = setUp();
    const action = scheduler.schedule(
      () => log.push(`${timers.now()}`),
      10,
    ) as SchedulerAction<unknown>;
    timers.advance(5);
    action.schedule(undefined, 10);
    timers.advance(100);
    expect(log).toEqual(['15']);
  });

  it('puts off what another action of the same turn schedules again', () => {
    const { timers, scheduler, log } = setUp();
    scheduler.schedule(() => {
      second.schedule(undefined, 5);
    }, 10);
    const second = scheduler.schedule(
      () => log.push(`${timers.now()}`),
      10,
    ) as SchedulerAction<unknown>;
    timers.advance(100);
    expect(log).toEqual(['15']);
  });

  it('does not run what is unsubscribed, also by another action of the same turn', () => {
    const { timers, scheduler, log } = setUp();
    scheduler.schedule(() => {
      second.unsubscribe();
    }, 10);
    const second = scheduler.schedule(() => log.push('second'), 10);
    const third = scheduler.schedule(() => log.push('third'), 10);
    third.unsubscribe();
    timers.advance(100);
    expect(log).toEqual([]);
  });

  it('ends an action that unsubscribes itself', () => {
    const { timers, scheduler, log } = setUp();
    scheduler.schedule(function (this: SchedulerAction<unknown>) {
      log.push('run');
      this.unsubscribe();
      this.schedule(undefined, 1);
    }, 1);
    timers.advance(100);
    expect(log).toEqual(['run']);
  });

  it('throws what work throws where nobody catches it, and ends the rest of the turn', async () => {
    const { timers, scheduler, log } = setUp();
    const thrown = new Error('work');
    const immediate = jest.spyOn(globalThis, 'setImmediate').mockImplementationOnce(((
      task: () => void,
    ) => {
      try {
        task();
      } catch (error) {
        log.push(String(error));
      }
    }) as never);
    scheduler.schedule(() => log.push('before'), 1);
    scheduler.schedule(() => {
      throw thrown;
    }, 1);
    const rest = scheduler.schedule(() => log.push('rest'), 1);
    scheduler.schedule(() => log.push('later'), 2);
    timers.advance(1);
    immediate.mockRestore();
    expect(log).toEqual(['before', 'Error: work']);
    expect(rest.closed).toBe(true);
    timers.advance(1);
    expect(log).toEqual(['before', 'Error: work', 'later']);
    await Promise.resolve();
  });

  it('takes delays that are no delays as 0', () => {
    const { timers, scheduler, log } = setUp();
    for (const ms of [-5, NaN, -Infinity]) scheduler.schedule(() => log.push(`${ms}`), ms);
    timers.advance(0);
    expect(log).toEqual(['-5', 'NaN', '-Infinity']);
  });

  it('gives others a turn after 256 actions', () => {
    const { timers, scheduler, log } = setUp();
    for (let count = 0; count < 600; count += 1) scheduler.schedule(() => log.push('x'), 0);
    timers.block(1);
    timers.fire(1);
    expect(log).toHaveLength(256);
    expect(timers.pending).toBeGreaterThan(0);
    timers.advance(0);
    expect(log).toHaveLength(600);
  });

  it('runs actions by due time, then in the order of scheduling, whatever comes and goes', () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 5 }),
      cancel: fc.option(fc.nat(50), { nil: undefined }),
      advance: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { timers, scheduler } = setUp();
        const ran: number[] = [];
        const due: { index: number; at: number; gone: boolean }[] = [];
        const actions = steps.map(({ ms, cancel, advance }, index) => {
          due.push({ index, at: timers.now() + ms, gone: false });
          const action = scheduler.schedule(() => ran.push(index), ms);
          timers.advance(advance);
          if (cancel !== undefined && cancel < index && !ran.includes(cancel)) {
            (due[cancel] as { gone: boolean }).gone = true;
            cancelled.push(cancel);
          }
          return action;
        });
        for (const index of cancelled.splice(0)) actions[index]?.unsubscribe();
        const already = ran.length;
        timers.advance(100);
        const expected = due
          .filter(({ index, gone }) => !gone || ran.slice(0, already).includes(index))
          .sort((one, other) => one.at - other.at || one.index - other.index)
          .map(({ index }) => index);
        expect(ran).toEqual(expected);
      }),
    );
  });
});

const cancelled: number[] = [];

describe('evtimer_new: base.scheduler', () => {
  let base: EventBase;
  let scheduler: SchedulerLike;
  beforeEach(() => {
    base = new EventBase();
    scheduler = base.scheduler;
  });
  afterEach(() => base.close());

  /** Since when, by the scheduler's own clock. */
  async function elapsed(source: Observable<unknown>): Promise<number> {
    const begun = scheduler.now();
    await firstValueFrom(source.pipe(toArray()));
    return scheduler.now() - begun;
  }

  it('is one for a base', () => {
    expect(base.scheduler).toBe(scheduler);
  });

  it('has a clock that never goes back and agrees with Date', () => {
    const before = scheduler.now();
    expect(scheduler.now()).toBeGreaterThanOrEqual(before);
    expect(Math.abs(before - asyncScheduler.now())).toBeLessThan(60_000);
  });

  it('keeps the order of values (observeOn)', async () => {
    const values = Array.from({ length: 10_000 }, (_, index) => index);
    const observed = from(values).pipe(observeOn(scheduler), toArray());
    expect(await firstValueFrom(observed)).toEqual(values);
  });

  it('runs interval with fractions of a millisecond', async () => {
    expect(await elapsed(interval(0.25, scheduler).pipe(take(20)))).toBeGreaterThanOrEqual(5);
  });

  it('runs delay', async () => {
    expect(await elapsed(of(1, 2).pipe(delay(2.5, scheduler)))).toBeGreaterThanOrEqual(2.5);
  });

  it('runs debounceTime', async () => {
    const source = new Subject<number>();
    const debounced = firstValueFrom(source.pipe(debounceTime(1, scheduler), toArray()));
    source.next(1);
    source.next(2);
    await firstValueFrom(base.timer(5));
    source.next(3);
    source.complete();
    expect(await debounced).toEqual([2, 3]);
  });

  it('runs auditTime', async () => {
    const audited = interval(0.1, scheduler).pipe(auditTime(2, scheduler), take(3));
    expect(await elapsed(audited)).toBeGreaterThanOrEqual(6);
  });

  it('runs timeout', async () => {
    const never = new Observable<number>(() => undefined);
    const late = never.pipe(timeout({ first: 2, scheduler, with: () => of('late') }));
    expect(await firstValueFrom(late)).toBe('late');
    const inTime = of(1).pipe(timeout({ each: 10_000, scheduler }));
    expect(await firstValueFrom(inTime)).toBe(1);
  });

  it('keeps the process no longer than it has actions', async () => {
    const action = scheduler.schedule(() => undefined, 1e9);
    action.unsubscribe();
    await firstValueFrom(concat(base.timer(1)));
    expect(action.closed).toBe(true);
  });

  describe('when the base is closed', () => {
    const complete = 'complete';
    const closed = 'ERR_BASE_CLOSED';
    it.each<[string, (at: SchedulerLike) => Observable<unknown>, string]>([
      ['delay', (at) => of(1).pipe(delay(1e6, at)), complete],
      ['debounceTime', (at) => concat(of(1), NEVER).pipe(debounceTime(1e6, at)), complete],
      ['timeout', (at) => NEVER.pipe(timeout({ first: 1e6, scheduler: at })), complete],
      ['bufferTime', (at) => NEVER.pipe(bufferTime(1e6, at)), complete],
      ['observeOn', (at) => of(1).pipe(observeOn(at, 1e6)), complete],
      ['subscribeOn', (at) => of(1).pipe(subscribeOn(at, 1e6)), complete],
      ['interval', (at) => interval(1e6, at), complete],
      ['interval, that has emitted', (at) => interval(1, at), complete],
      ['timer', (at) => timer(1e6, at), complete],
      ['timer, that has emitted', (at) => timer(0, 1e6, at), complete],
      ['repeat', (at) => of(1).pipe(repeat({ delay: () => timer(1e6, at) })), complete],
      [
        'what goes on with the next',
        (at) => of(1, 2).pipe(concatMap((each) => of(each).pipe(delay(1e6, at)))),
        closed,
      ],
      ['what subscribes again', (at) => interval(1e6, at).pipe(repeat()), closed],
    ])('completes or fails what waits: %s', async (_, waiting, expected) => {
      const ended = new Promise((resolve) => {
        waiting(scheduler).subscribe({
          error: ({ code }: LibeventError) => {
            resolve(code);
          },
          complete: () => {
            resolve(complete);
          },
        });
      });
      await firstValueFrom(base.timer(3));
      await base.close();
      expect(await ended).toBe(expected);
    });

    it.each<[string, (at: SchedulerLike) => MonoTypeOperatorFunction<number>]>([
      ['auditTime', (at) => auditTime(1e6, at)],
      ['throttleTime', (at) => throttleTime(1e6, at)],
      ['debounceTime', (at) => debounceTime(1e6, at)],
    ])('fails what waits for its source when the next value comes: %s', async (_, operator) => {
      const source = new Subject<number>();
      const ended = firstValueFrom(source.pipe(operator(scheduler), ignoreElements()));
      await base.close();
      source.next(1);
      await expect(ended).rejects.toMatchObject({ code: 'ERR_BASE_CLOSED' });
    });

    it('unsubscribes an action that nobody waits for', async () => {
      const run = jest.fn();
      const actions = [1e6, 2e6].map((ms) => scheduler.schedule(run, ms));
      await base.close();
      expect(actions.map(({ closed }) => closed)).toEqual([true, true]);
      expect(run).not.toHaveBeenCalled();
    });

    it('throws nowhere: in actions that schedule again, in streams that repeat or retry', async () => {
      const { code, lines, errors } = await runScript(`
        const { interval, repeat, retry, timer } = rxjs;
        const base = new EventBase();
        const { scheduler } = base;
        const log = (name) => ({ error: ({ code }) => console.log(name, code), complete: () => console.log(name, 'complete') });
        interval(0.1, scheduler).subscribe();
        timer(0, 0.1, scheduler).pipe(retry(2)).subscribe(log('timer'));
        interval(0.1, scheduler).pipe(repeat()).subscribe(log('repeat'));
        scheduler.schedule(function () { this.schedule(undefined, 0.1); }, 0.1);
        scheduler.schedule(() => {
          // The loop of this turn goes on behind the call.
          void base.close();
          interval(0.1, scheduler).subscribe(log('late'));
        }, 3);
      `);
      expect([code, errors]).toEqual([0, '']);
      expect([...lines].sort()).toEqual([
        'late ERR_BASE_CLOSED',
        'repeat ERR_BASE_CLOSED',
        'timer complete',
      ]);
    });
  });

  it('errors what schedules on a closed base', async () => {
    await base.close();
    await expect(firstValueFrom(of(1).pipe(delay(1, scheduler)))).rejects.toMatchObject({
      code: 'ERR_BASE_CLOSED',
    });
  });
});
