import type { Observable } from 'rxjs';
import {
  asyncScheduler,
  concat,
  config,
  EMPTY,
  from,
  merge,
  NEVER,
  of,
  queueScheduler,
  Subject,
  take,
  tap,
  throwError,
  VirtualTimeScheduler,
  type SchedulerLike,
} from 'rxjs';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Source';
import { currentSource } from '../../lib/flow/Source';
import { observeOnHeld } from '../../lib/flow/observeOnHeld';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';
import { marbles } from './support/marbles';
import { record } from '../support/record';

describe('observeOnHeld', () => {
  const turns = new ManualTurns();
  let time: VirtualTimeScheduler;
  beforeEach(() => {
    turns.install();
    time = new VirtualTimeScheduler();
  });
  afterEach(() => {
    turns.remove();
  });

  it.each([
    ['never', NEVER, [], undefined],
    ['empty', EMPTY, [], 'complete'],
    ['one', of(1), [1], 'complete'],
    ['many', from([1, 2, 3]), [1, 2, 3], 'complete'],
    ['error', throwError(() => 'bad'), [], 'bad'],
    [
      'values, then an error',
      concat(
        of(1, 2),
        throwError(() => 'bad'),
      ),
      [1, 2],
      'bad',
    ],
  ])('emits on the scheduler: %s', (_, source, values, ending) => {
    const recording = record((source as Observable<number>).pipe(observeOnHeld(time)));
    expect(recording).toMatchObject({ values: [], ending: undefined });
    time.flush();
    expect(recording).toMatchObject({ values, ending });
    expect(turns.length).toBe(0);
  });

  it('holds the source at the limit and lets it go on at half of that', () => {
    const source = new FakeSource<number>();
    const held: boolean[] = [];
    record(source.pipe(observeOnHeld(time, { limit: 4 })), () => held.push(source.held));
    turns.runAll();
    source.offer(1, 2, 3);
    expect(source.held).toBe(false);
    source.offer(4, 5, 6);
    expect(source.own.heldBy).toEqual(['observeOnHeld']);
    expect(source.waiting).toEqual([5, 6]);
    time.flush();
    expect(held).toEqual([true, false, false, false]);
    turns.runAll();
    expect(source.waiting).toEqual([]);
  });

  it('holds one value at a time with a limit of 1', () => {
    const source = new FakeSource<number>();
    const { values } = record(source.pipe(observeOnHeld(time, { limit: 1 })));
    source.offer(1, 2, 3);
    const counts: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      turns.runAll();
      counts.push(source.waiting.length);
      time.flush();
    }
    expect(counts).toEqual([2, 1, 0, 0]);
    expect(values).toEqual([1, 2, 3]);
  });

  it('is the current source of what it emits', () => {
    const seen: unknown[] = [];
    record(of(1, 2).pipe(observeOnHeld(time)), () => seen.push(currentSource()));
    time.flush();
    expect(seen[0]).toBeDefined();
    expect(seen[1]).toBe(seen[0]);
    expect(currentSource()).toBeUndefined();
  });

  it('stops when it is held, fills up, and holds its source in turn', () => {
    const source = new FakeSource<number>();
    let release: Release = () => undefined;
    const { values } = record(source.pipe(observeOnHeld(time, { limit: 2 })), (value) => {
      if (value === 1) release = hold();
    });
    source.offer(1, 2, 3, 4, 5);
    for (let round = 0; round < 5; round += 1) {
      turns.runAll();
      time.flush();
    }
    expect(values).toEqual([1]);
    expect(source.held).toBe(true);
    expect(source.waiting).toEqual([4, 5]);
    release();
    expect(values).toEqual([1]);
    for (let round = 0; round < 5; round += 1) {
      time.flush();
      turns.runAll();
    }
    expect(values).toEqual([1, 2, 3, 4, 5]);
  });

  it('lets the ending wait for values and holds', () => {
    let release: Release = () => undefined;
    const recording = record(of(1, 2).pipe(observeOnHeld(time)), () => (release = hold()));
    time.flush();
    release();
    time.flush();
    expect(recording).toMatchObject({ values: [1, 2], ending: undefined });
    release();
    time.flush();
    expect(recording.ending).toBe('complete');
  });

  it('does not hold a source that has completed', () => {
    const source = new FakeSource<number>();
    record(source.pipe(take(2), observeOnHeld(time, { limit: 2 })));
    record(source);
    source.offer(1, 2, 3);
    turns.runAll();
    expect(source.held).toBe(false);
    expect(source.waiting).toEqual([]);
  });

  it('does not hold a source when another one has ended both with an error', () => {
    const source = new FakeSource<number>();
    const failing = new Subject<number>();
    const result = merge(source, failing).pipe(observeOnHeld(time, { limit: 2 }));
    const recording = record(result);
    source.offer(1, 2);
    turns.runAll();
    expect(source.held).toBe(true);
    failing.error('bad');
    expect(source.held).toBe(false);
    time.flush();
    expect(recording).toMatchObject({ values: [1, 2], ending: 'bad' });
  });

  it('takes its action back when it is unsubscribed', () => {
    const { subscription } = record(of(1).pipe(observeOnHeld(time)));
    const [action] = time.actions;
    expect(action?.closed).toBe(false);
    subscription.unsubscribe();
    expect(action?.closed).toBe(true);
  });

  it('emits at most 256 values in one action', () => {
    let schedules = 0;
    const counting: SchedulerLike = {
      now: () => 0,
      schedule: (...args: Parameters<SchedulerLike['schedule']>) => {
        schedules += 1;
        return time.schedule(...args);
      },
    };
    const { values } = record(from(Array(600).keys()).pipe(observeOnHeld(counting)));
    time.flush();
    expect(values).toHaveLength(600);
    expect(schedules).toBe(3);
  });

  it('lets go when it is unsubscribed, gives back what waits, and emits no more', () => {
    const source = new FakeSource<string>();
    const { values, subscription } = record(source.pipe(observeOnHeld(time, { limit: 3 })));
    source.offer('a', 'b', 'c', 'd');
    turns.runAll();
    expect(source.held).toBe(true);
    subscription.unsubscribe();
    expect(source.held).toBe(false);
    expect(source.waiting).toEqual(['a', 'b', 'c', 'd']);
    time.flush();
    turns.runAll();
    expect(values).toEqual([]);
  });

  it('may be unsubscribed within next', () => {
    const source = new FakeSource<string>();
    const { values, ending } = record(source.pipe(observeOnHeld(asyncScheduler), take(1)));
    expect({ values, ending }).toEqual({ values: [], ending: undefined });
    const recording = record(source.pipe(observeOnHeld(time), take(2)));
    source.offer('a', 'b', 'c');
    turns.runAll();
    time.flush();
    expect(recording).toMatchObject({ values: ['a', 'b'], ending: 'complete' });
  });

  it('stops a source that goes on after its subscriber has gone', () => {
    let seen = 0;
    const stop = new Subject<void>();
    const source = from(Array(100).keys()).pipe(
      tap(() => {
        seen += 1;
        if (seen === 3) subscription.unsubscribe();
      }),
    );
    const later = concat(stop.pipe(take(1)), source) as Observable<number>;
    const { subscription, values } = record(later.pipe(observeOnHeld(time)));
    stop.next();
    time.flush();
    expect({ seen, values }).toEqual({ seen: 3, values: [] });
  });

  it('waits for a later turn where the scheduler runs at once', () => {
    let release: Release = () => undefined;
    const source = new FakeSource<number>();
    const { values } = record(source.pipe(observeOnHeld(queueScheduler)), (value) => {
      if (value === 1) release = hold();
    });
    turns.runAll();
    source.offer(1, 2);
    expect(values).toEqual([]);
    turns.runAll();
    expect(values).toEqual([1]);
    release();
    expect(values).toEqual([1]);
    turns.runAll();
    expect(values).toEqual([1, 2]);
  });

  it('goes on after a consumer that throws', async () => {
    const reported = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    const seen: number[] = [];
    of(1, 2)
      .pipe(observeOnHeld(time))
      .subscribe((value) => {
        seen.push(value);
        if (value === 1) throw new Error('consumer');
      });
    time.flush();
    expect(seen).toEqual([1, 2]);
    expect(currentSource()).toBeUndefined();
    expect(await reported).toEqual(new Error('consumer'));
    config.onUnhandledError = null;
  });

  it('works in virtual time', () => {
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('-a-(bc)-d------e|');
      const expected = '   -a-b-----(cd)--e|';
      const result = source.pipe(
        observeOnHeld(scheduler, { limit: 2 }),
        tap((value) => {
          if (value === 'b') scheduler.schedule(hold(), 6);
        }),
      );
      expectObservable(result).toBe(expected);
    });
  });

  it.each([
    [undefined, {}, TypeError],
    [{}, {}, TypeError],
    [asyncScheduler, { limit: '1' }, TypeError],
    [asyncScheduler, { limit: 0 }, RangeError],
    [asyncScheduler, { limit: -1 }, RangeError],
    [asyncScheduler, { limit: 1.5 }, RangeError],
    [asyncScheduler, { limit: NaN }, RangeError],
  ])('refuses scheduler %p with %j at the call', (scheduler, options, type) => {
    const call = (): unknown =>
      observeOnHeld(scheduler as SchedulerLike, options as { limit: number });
    expect(call).toThrow(type);
  });
});
