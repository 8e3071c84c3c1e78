import { Subject, firstValueFrom, take, tap, toArray } from 'rxjs';
import { EventBase } from '../../lib/base/EventBase';
import { timer } from '../../lib/events/timer';
import { timerOptions, type TimerConfig } from '../../lib/events/TimerConfig';
import { ManualTimers } from './support/ManualTimers';

function setUp(dueMs: number, periodMs?: number, config: TimerConfig = {}) {
  const timers = new ManualTimers();
  const log: unknown[] = [];
  const subscription = timer(timers, timerOptions(dueMs, periodMs, config, 1)).subscribe({
    next: (value) => log.push(value),
    error: (error: unknown) => log.push(error),
    complete: () => log.push('complete'),
  });
  return { timers, log, subscription };
}

/** Keeps JavaScript busy until so much time has passed. */
function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('timer', () => {
  it('emits 0 once and completes', () => {
    const { timers, log } = setUp(20);
    timers.advance(19.999);
    expect(log).toEqual([]);
    timers.advance(0.001);
    expect(log).toEqual([0, 'complete']);
    expect(timers.pending).toBe(0);
  });

  it('emits the number of the latest expiration', () => {
    const { timers, log } = setUp(20, 20);
    timers.fire(1);
    timers.fire(1);
    timers.fire(3);
    expect(log).toEqual([0, 1, 4]);
  });

  it('emits every number when it is to catch up', () => {
    const { timers, log } = setUp(20, 20, { catchUp: true });
    timers.fire(1);
    timers.fire(3);
    expect(log).toEqual([0, 1, 2, 3]);
  });

  it('catches up with 256 expirations in one turn, in order', async () => {
    const { timers, log } = setUp(20, 20, { catchUp: true });
    timers.fire(600);
    expect(log).toHaveLength(256);
    timers.fire(1);
    expect(log).toHaveLength(256);
    const turns: number[] = [];
    while (log.length < 601) {
      await new Promise(setImmediate);
      turns.push(log.length);
    }
    expect(turns).toEqual([512, 601]);
    expect(log).toEqual(Array.from({ length: 601 }, (_, index) => index));
  });

  it('stops when it is unsubscribed, also within next and in the middle of catching up', () => {
    const { timers, log, subscription } = setUp(20, 20);
    timers.fire(1);
    subscription.unsubscribe();
    expect(timers.pending).toBe(0);
    expect(log).toEqual([0]);

    const values: number[] = [];
    const other = new ManualTimers();
    timer(other, timerOptions(1, 1, { catchUp: true }, 1))
      .pipe(take(2))
      .subscribe((value) => values.push(value));
    other.fire(5);
    expect(values).toEqual([0, 1]);
    expect(other.pending).toBe(0);
  });

  it.each([
    [[-1], RangeError, 'dueMs must be from 0 to 2147483647000 ms, got -1'],
    [[NaN], RangeError, 'dueMs must be from 0 to 2147483647000 ms, got NaN'],
    [['1'], TypeError, 'dueMs must be a number of ms, got string'],
    [[1, 0], RangeError, 'periodMs must be from 0.001 to 2147483647000 ms, got 0'],
    [[1, 1, { commonTimeout: true }], TypeError, 'commonTimeout is for timers that fire once'],
    [[1, undefined, { catchUp: true }], TypeError, 'catchUp needs a period'],
    [
      [1, undefined, { priority: 1 }],
      RangeError,
      'priority must be a whole number of levels from 0 to 0',
    ],
    [[1, undefined, null], TypeError, 'config must be an object'],
  ])('refuses %j', (args, type, message) => {
    const [due, period, config = {}] = args as [number, number?, TimerConfig?];
    const options = () => timerOptions(due, period, config, 1);
    expect(options).toThrow(type);
    expect(options).toThrow(message);
  });
});

describe('evtimer_new, event_base_init_common_timeout: base.timer', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase({ priorities: 3 });
  });
  afterEach(() => base.close());

  it('fires once, never early (evtimer_add)', async () => {
    for (const dueMs of [0, 0.05, 0.25, 1, 3.125]) {
      const begun = performance.now();
      const values = await firstValueFrom(base.timer(dueMs).pipe(toArray()));
      expect(performance.now() - begun).toBeGreaterThanOrEqual(dueMs);
      expect(values).toEqual([0]);
    }
  });

  it('accepts a point in time', async () => {
    const due = new Date(Date.now() + 3);
    await firstValueFrom(base.timer(due));
    expect(Date.now()).toBeGreaterThanOrEqual(due.getTime());
    expect(await firstValueFrom(base.timer(new Date(0)))).toBe(0);
  });

  it('counts from the subscription even while JavaScript is busy', async () => {
    const fired: string[] = [];
    const both = new Promise<void>((resolve) => {
      base.timer(20).subscribe(() => fired.push('early'));
      busy(25);
      base.timer(0.5).subscribe(() => {
        fired.push('late');
        resolve();
      });
    });
    await both;
    expect(fired).toEqual(['early', 'late']);
  });

  it('keeps to its grid, whatever the period (EV_PERSIST)', async () => {
    const begun = performance.now();
    const numbers = await firstValueFrom(base.timer(1, 0.25).pipe(take(100), toArray()));
    const last = numbers.at(-1) as number;
    expect(performance.now() - begun).toBeGreaterThanOrEqual(1 + last * 0.25);
    expect(numbers[0]).toBeGreaterThanOrEqual(0);
    for (let index = 1; index < numbers.length; index += 1) {
      expect(numbers[index]).toBeGreaterThan(numbers[index - 1] as number);
    }
  });

  it('emits the latest number, once, behind a JavaScript thread that was busy', async () => {
    for (const config of [{}, { catchUp: true }]) {
      const numbers: number[] = [];
      let behind = 0;
      await new Promise<void>((resolve) => {
        base
          .timer(1, 1, config)
          .pipe(take(40))
          .subscribe({ next: (number) => numbers.push(number), complete: resolve });
        setImmediate(() => {
          // One expiration may be posted meanwhile; those after it are only counted.
          busy(35);
          behind = numbers.length;
        });
      });
      if ('catchUp' in config) expect(numbers).toEqual([...numbers.keys()]);
      else expect(numbers[behind]).toBeGreaterThan(20);
    }
  });

  it('emits what has expired while its own subscriber was busy, without waiting for more', async () => {
    const begun = performance.now();
    const numbers = await firstValueFrom(
      base.timer(0, 500).pipe(
        tap((number) => {
          // The second expiration comes meanwhile; the third would be half a second later.
          if (number === 0) while (performance.now() < begun + 510);
        }),
        take(2),
        toArray(),
      ),
    );
    expect(numbers).toEqual([0, 1]);
  });

  it('has no burst behind a JavaScript thread that was busy', async () => {
    const numbers: number[] = [];
    const posted = base.stats.posted;
    await new Promise<void>((resolve) => {
      base
        .timer(1, 1)
        .pipe(take(3))
        .subscribe({
          next: (value) => {
            numbers.push(value);
            if (numbers.length === 1) busy(50);
          },
          complete: resolve,
        });
    });
    // What expired meanwhile is one number further on: at most one record was under way.
    expect((numbers[2] as number) - (numbers[0] as number)).toBeGreaterThanOrEqual(49);
    expect(base.stats.posted - posted).toBeLessThan(10);
  });

  it('emits all of them when it is to catch up', async () => {
    const numbers = await new Promise<number[]>((resolve) => {
      const values: number[] = [];
      base
        .timer(1, 1, { catchUp: true })
        .pipe(take(60))
        .subscribe({
          next: (value) => {
            values.push(value);
            if (value === 0) busy(50);
          },
          complete: () => {
            resolve(values);
          },
        });
    });
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, index) => index));
  });

  it('shares a queue with its equals (event_base_init_common_timeout)', async () => {
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 1000; index += 1) {
        base.timer(5, undefined, { commonTimeout: true }).subscribe(() => {
          order.push(index);
          if (order.length === 1000) resolve();
        });
      }
    });
    expect(order).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  it('has more than 256 common durations', async () => {
    const due = Array.from({ length: 300 }, (_, index) => 1 + index / 100);
    const fired = due.map((ms) =>
      firstValueFrom(base.timer(ms, undefined, { commonTimeout: true })),
    );
    expect(await Promise.all(fired)).toEqual(due.map(() => 0));
  });

  it('fires in the order of the due times what became due while JavaScript was blocked', async () => {
    const order: number[] = [];
    const due = [300, 200, 1, 100];
    const all = due.map(async (ms) => {
      await firstValueFrom(base.timer(ms));
      order.push(ms);
    });
    busy(310);
    await Promise.all(all);
    expect(order).toEqual([1, 100, 200, 300]);
  });

  it('can be cancelled before it fires, a hundred thousand times', async () => {
    const fired: number[] = [];
    const subscriptions = Array.from({ length: 100_000 }, (_, index) =>
      base.timer(5 + (index % 10)).subscribe(() => fired.push(index)),
    );
    for (const subscription of subscriptions) subscription.unsubscribe();
    await firstValueFrom(base.timer(20));
    expect(fired).toEqual([]);
  });

  it('fires a hundred thousand times', async () => {
    let fired = 0;
    await new Promise<void>((resolve) => {
      for (let index = 0; index < 100_000; index += 1) {
        const dueMs = 500 + ((index * 7919) % 100) * 2;
        base.timer(dueMs).subscribe({
          complete: () => {
            fired += 1;
            if (fired === 100_000) resolve();
          },
        });
      }
    });
    // None of them once more.
    await firstValueFrom(base.timer(20));
    expect(fired).toBe(100_000);
  });

  it('completes when the base is closed', async () => {
    const other = new EventBase();
    const log: unknown[] = [];
    const ended = new Subject<void>();
    const done = firstValueFrom(ended);
    other.timer(60_000).subscribe({
      next: (value) => log.push(value),
      complete: () => {
        log.push('complete');
        ended.next();
      },
    });
    await other.close();
    await done;
    expect(log).toEqual(['complete']);
  });

  it('is refused by a base that is closed', async () => {
    const other = new EventBase();
    await other.close();
    await expect(firstValueFrom(other.timer(1))).rejects.toMatchObject({ code: 'ERR_BASE_CLOSED' });
  });
});
