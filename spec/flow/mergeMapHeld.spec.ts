import {
  concat,
  config,
  defer,
  EMPTY,
  from,
  map,
  merge,
  NEVER,
  Observable,
  of,
  Subject,
  take,
  tap,
  throwError,
} from 'rxjs';
import { hold } from '../../lib/flow/hold';
import { holdable } from '../../lib/flow/holdable';
import type { Holdable } from '../../lib/flow/Source';
import type { Release } from '../../lib/flow/Source';
import { currentSource, enterSource, leaveSource } from '../../lib/flow/Source';
import { mergeMapHeld } from '../../lib/flow/mergeMapHeld';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';
import { marbles } from './support/marbles';
import { record } from '../support/record';

describe('mergeMapHeld', () => {
  const turns = new ManualTurns();
  beforeEach(() => turns.install());
  afterEach(() => {
    turns.remove();
  });

  it.each([
    ['never', NEVER, [], undefined],
    ['empty', EMPTY, [], 'complete'],
    ['one', of(1), [10], 'complete'],
    ['many', from([1, 2, 3]), [10, 20, 30], 'complete'],
    ['error', throwError(() => 'bad'), [], 'bad'],
  ])('maps %s', (_, source, values, ending) => {
    const numbers = source as Observable<number>;
    const result = numbers.pipe(mergeMapHeld((value) => of(value * 10), 2));
    expect(record(result)).toMatchObject({ values, ending });
  });

  it('gives project the value and its number', () => {
    const project = jest.fn((value: string, index: number) => of(value + String(index)));
    const { values } = record(from(['a', 'b']).pipe(mergeMapHeld(project, 1)));
    expect(values).toEqual(['a0', 'b1']);
    expect(project.mock.calls).toEqual([
      ['a', 0],
      ['b', 1],
    ]);
  });

  it('keeps to its concurrency and holds the source meanwhile', () => {
    const source = new FakeSource<number>();
    const inners = [new Subject<string>(), new Subject<string>(), new Subject<string>()];
    const { values } = record(source.pipe(mergeMapHeld((index) => inners[index]!, 2)));
    turns.runAll();
    source.offer(0);
    expect(source.held).toBe(false);
    source.offer(1, 2);
    expect(source.own.heldBy).toEqual(['mergeMapHeld']);
    expect(inners.map((inner) => inner.observed)).toEqual([true, true, false]);
    inners[1]?.next('b');
    inners[0]?.next('a');
    inners[1]?.complete();
    expect(inners[2]?.observed).toBe(false);
    turns.runAll();
    expect(inners[2]?.observed).toBe(true);
    expect(values).toEqual(['b', 'a']);
    expect(source.waiting).toEqual([]);
  });

  it('never holds for inners that complete at once', () => {
    const source = new FakeSource<number>();
    const { values } = record(source.pipe(mergeMapHeld((value) => of(value, value), 1)));
    source.offer(1, 2, 3);
    turns.runAll();
    expect(values).toEqual([1, 1, 2, 2, 3, 3]);
    expect(source.calls).toEqual(['resume']);
  });

  it('queues what comes from a source that cannot be held', () => {
    const source = new Subject<number>();
    const inners = new Map<number, Subject<string>>();
    const project = (value: number): Subject<string> => {
      const inner = new Subject<string>();
      inners.set(value, inner);
      return inner;
    };
    const { values } = record(source.pipe(mergeMapHeld(project, 1)));
    for (const value of [1, 2, 3]) source.next(value);
    expect([...inners.keys()]).toEqual([1]);
    for (const value of [1, 2, 3]) {
      inners.get(value)?.next(`v${String(value)}`);
      inners.get(value)?.complete();
    }
    expect(values).toEqual(['v1', 'v2', 'v3']);
  });

  it('is the current source of what it emits', () => {
    const source = new FakeSource<number>();
    const inner = new Subject<number>();
    const seen: unknown[] = [];
    const result = source.pipe(mergeMapHeld((value) => (value === 1 ? inner : of(value)), 1));
    record(result, () => seen.push(currentSource()));
    source.offer(1, 2);
    turns.runAll();
    inner.next(1);
    inner.complete();
    turns.runAll();
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBeDefined();
    expect(seen[0]).not.toBe(source.own);
    expect(seen[1]).toBe(seen[0]);
    expect(currentSource()).toBeUndefined();
  });

  it('starts every inner in the scope that its value came in, also when that has waited', () => {
    const sources = [new FakeSource<number>('a'), new FakeSource<number>('b')] as const;
    const foreign = new Subject<number>();
    const gates: Subject<number>[] = [];
    const scopes: unknown[] = [];
    const project = (): Subject<number> => {
      scopes.push(currentSource());
      const gate = new Subject<number>();
      gates.push(gate);
      return gate;
    };
    record(merge(...sources, foreign).pipe(mergeMapHeld(project, 1)));
    turns.runAll();
    sources[0].offer(1);
    foreign.next(2);
    sources[1].offer(3);
    for (let index = 0; index < 3; index += 1) gates[index]?.complete();
    expect(scopes).toEqual([sources[0].own, undefined, sources[1].own]);
  });

  it.each(['project throws', 'inner errors', 'source errors'])(
    'errors, ends its inners and lets go of everything when %s',
    (kind) => {
      const source = new FakeSource<number>();
      const inner = new FakeSource<string>();
      const failing = new Subject<string>();
      const project = (value: number): Observable<string> => {
        if (value === 0) return inner;
        if (kind === 'project throws') throw new Error('bad');
        return failing;
      };
      const recording = record(source.pipe(mergeMapHeld(project, 2)));
      source.offer(0);
      turns.runAll();
      inner.offer('a');
      source.offer(1);
      if (kind === 'inner errors') failing.error(new Error('bad'));
      if (kind === 'source errors') source.error(new Error('bad'));
      turns.runAll();
      if (kind === 'source errors') {
        expect(source.held).toBe(true);
        failing.complete();
        turns.runAll();
      }
      expect(recording).toMatchObject({ values: ['a'], ending: new Error('bad') });
      expect(source.held || inner.held).toBe(false);
      expect(source.observers + inner.observers).toBe(0);
      expect(failing.observed).toBe(false);
    },
  );

  it('lets go at once when an inner errors behind a hold, and emits what waits before the error', () => {
    const source = new FakeSource<number>();
    const inner = new Subject<string>();
    let release: Release = () => undefined;
    const result = source.pipe(mergeMapHeld(() => inner, 1));
    const recording = record(result, () => (release = hold()));
    source.offer(1, 2);
    turns.runAll();
    inner.next('a');
    inner.next('b');
    inner.error('bad');
    expect(source.held).toBe(false);
    expect(source.observers).toBe(0);
    expect(recording.ending).toBeUndefined();
    release();
    turns.runAll();
    expect(recording).toMatchObject({ values: ['a', 'b'], ending: undefined });
    expect(source.held).toBe(false);
    release();
    turns.runAll();
    expect(recording.ending).toBe('bad');
  });

  it('completes when the inners have, and does not hold a source that has completed', () => {
    const source = new FakeSource<number>();
    const inner = new Subject<string>();
    const result = source.pipe(
      take(1),
      mergeMapHeld(() => inner, 1),
    );
    const recording = record(result);
    record(source);
    source.offer(1, 2);
    turns.runAll();
    expect(source.held).toBe(false);
    expect(recording.ending).toBeUndefined();
    inner.complete();
    expect(recording.ending).toBe('complete');
  });

  it('lets go of everything when it is unsubscribed, and emits no more', () => {
    const source = new FakeSource<number>();
    const inner = new FakeSource<string>();
    let release: Release = () => undefined;
    const result = source.pipe(mergeMapHeld(() => inner, 1));
    const { values, subscription } = record(result, () => (release = hold()));
    source.offer(1, 2);
    inner.offer('a', 'b');
    turns.runAll();
    expect(source.held && inner.held).toBe(true);
    subscription.unsubscribe();
    expect(source.held || inner.held).toBe(false);
    expect(source.observers + inner.observers).toBe(0);
    release();
    turns.runAll();
    expect(values).toEqual(['a']);
    expect(source.waiting).toEqual([2]);
  });

  it('holds nothing when it is unsubscribed by the one that has just held', () => {
    const source = new FakeSource<number>();
    const inner = new FakeSource<string>();
    const result = source.pipe(
      mergeMapHeld(() => inner, 2),
      tap(() => hold()),
      take(1),
    );
    const { values } = record(result);
    source.offer(1);
    inner.offer('a', 'b');
    turns.runAll();
    expect(values).toEqual(['a']);
    expect(source.held || inner.held).toBe(false);
  });

  it('gives back in order what a source has emitted although it was held', () => {
    const returned: unknown[] = [];
    const stubborn: Holdable = {
      held: false,
      hold: () => () => undefined,
      postpone: () => () => undefined,
      giveBackOf: () => (rest) => returned.unshift(rest),
    };
    const source = new Subject<string>();
    const { subscription } = record(source.pipe(mergeMapHeld(() => NEVER, 1)));
    const outer = enterSource(stubborn);
    for (const value of ['a', 'b', 'c']) source.next(value);
    leaveSource(outer);
    subscription.unsubscribe();
    expect(returned).toEqual(['b', 'c']);
  });

  it('gives values that no inner has had back to their source, in order', () => {
    const sources = [new FakeSource<string>('a'), new FakeSource<string>('b')];
    const inner = new Subject<string>();
    const { subscription } = record(merge(...sources).pipe(mergeMapHeld(() => inner, 1)));
    turns.runAll();
    sources[0]?.offer('a1');
    sources[1]?.offer('b1', 'b2');
    expect(sources.map((source) => source.waiting)).toEqual([[], ['b2']]);
    subscription.unsubscribe();
    expect(sources.map((source) => source.waiting)).toEqual([[], ['b1', 'b2']]);
  });

  it('knows the way back for values that pass through', () => {
    const source = new FakeSource<string>();
    const inner = new FakeSource<string>();
    const backs: unknown[] = [];
    const result = source.pipe(mergeMapHeld((value) => concat(of(value, 'new'), inner), 1));
    record(result, (value) => {
      backs.push(typeof currentSource()?.giveBackOf?.(value));
    });
    source.offer('a');
    turns.runAll();
    inner.offer('b');
    turns.runAll();
    expect(backs).toEqual(['function', 'undefined', 'function']);
  });

  it('knows the way back for a value that has waited, and for no other', () => {
    const gate = new Subject<string>();
    const inner = new FakeSource<string>();
    let release: Release = () => undefined;
    const backs: unknown[] = [];
    record(from([gate, inner]).pipe(mergeMapHeld((each) => each, 2)), (value) => {
      if (value === 'a') release = hold();
      backs.push(['a', 'b'].map((same) => typeof currentSource()?.giveBackOf?.(same)));
    });
    turns.runAll();
    gate.next('a');
    inner.offer('b');
    expect(backs).toHaveLength(1);
    release();
    turns.runAll();
    expect(backs).toEqual([
      ['undefined', 'undefined'],
      ['undefined', 'function'],
    ]);
  });

  it('may be unsubscribed within next, by synchronous sources and inners too', () => {
    let started = 0;
    const project = (value: number): Observable<number> =>
      defer(() => {
        started += 1;
        return from(Array(100).keys()).pipe(map((index) => value * 100 + index));
      });
    let seen = 0;
    const source = from(Array(100).keys()).pipe(tap(() => (seen += 1)));
    const { values, ending } = record(source.pipe(mergeMapHeld(project, 3), take(102)));
    expect(values).toHaveLength(102);
    expect({ ending, started, seen }).toEqual({ ending: 'complete', started: 2, seen: 2 });
  });

  it('stops a source that goes on after its subscriber has gone', () => {
    const result = new Observable<number>((subscriber) => {
      while (!subscriber.closed) subscriber.next(1);
    }).pipe(
      mergeMapHeld((value) => of(value), 1),
      take(5),
    );
    expect(record(result).values).toHaveLength(5);
  });

  it('goes on after a consumer that throws, and restores the scope', async () => {
    const reported = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    const source = new FakeSource<number>();
    const seen: number[] = [];
    source.pipe(mergeMapHeld((value) => of(value), 1)).subscribe((value) => {
      seen.push(value);
      if (value === 1) throw new Error('consumer');
    });
    source.offer(1, 2);
    turns.runAll();
    expect(currentSource()).toBeUndefined();
    expect(seen).toEqual([1, 2]);
    expect(await reported).toEqual(new Error('consumer'));
    config.onUnhandledError = null;
  });

  it('starts thousands of queued synchronous inners without overflow, 256 in a turn', () => {
    const source = new Subject<number>();
    const first = new Subject<number>();
    const counts: number[] = [];
    const result = source.pipe(mergeMapHeld((value) => (value === 0 ? first : of(value)), 1));
    const recording = record(result);
    for (let value = 0; value <= 5000; value += 1) source.next(value);
    source.complete();
    first.complete();
    do counts.push(recording.values.length);
    while (turns.runOne());
    expect(recording.values).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1));
    expect(recording.ending).toBe('complete');
    expect(counts.slice(0, 3)).toEqual([256, 512, 768]);
  });

  it('takes values that come from within its own inners', () => {
    const source = new Subject<number>();
    const { values } = record(source.pipe(mergeMapHeld((value) => of(value), 1)), (value) => {
      if (value < 20_000) source.next(value + 1);
    });
    source.next(0);
    turns.runAll();
    expect(values).toEqual([...Array(20_001).keys()]);
  });

  it('does not hold itself when its output comes back into an inner', () => {
    const source = new FakeSource<number>();
    const back = new Subject<number>();
    const releases: Release[] = [];
    const result = source.pipe(mergeMapHeld((value) => (value === 0 ? back : of(value)), 2));
    const { values } = record(result, (value) => {
      releases.push(hold());
      if (value < 4) back.next(value + 1);
    });
    source.offer(0, 1);
    turns.runAll();
    while (releases.length > 0) {
      releases.shift()?.();
      turns.runAll();
    }
    expect(values).toEqual([1, 2, 3, 4]);
  });

  it('takes promises', async () => {
    turns.remove();
    const source = new FakeSource<number>();
    const done = new Promise((resolve) => {
      const result = source.pipe(mergeMapHeld((value) => Promise.resolve(value * 2), 2));
      const values: number[] = [];
      result.subscribe({
        next: (value) => values.push(value),
        complete: () => {
          resolve(values);
        },
      });
    });
    source.offer(1, 2, 3).complete();
    expect(await done).toEqual([2, 4, 6]);
    turns.install();
  });

  it('draws the marble diagram of its documentation', () => {
    const calls: string[] = [];
    marbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const log = (what: string): void => {
        calls.push(`${what} ${String(scheduler.now())}`);
      };
      const source = cold('   --a--b-----------c-----------|');
      const inner = cold('      ----v|');
      const subscriptions = [
        '                     --^----!',
        '                     -------^----!',
        '                     -----------------^----!',
      ];
      const expected = '      ------a----b---------c-------|';
      const result = holdable(source, {
        pause: () => {
          log('pause');
        },
        resume: () => {
          log('resume');
        },
      }).pipe(mergeMapHeld((value) => inner.pipe(map(() => value)), 1));
      expectObservable(result).toBe(expected);
      expectSubscriptions(inner.subscriptions).toBe(subscriptions);
    });
    expect(calls).toEqual(['pause 2', 'resume 12', 'pause 17', 'resume 22']);
  });

  it.each([
    [undefined, 1, TypeError],
    [() => EMPTY, undefined, TypeError],
    [() => EMPTY, '2', TypeError],
    [() => EMPTY, 0, RangeError],
    [() => EMPTY, -1, RangeError],
    [() => EMPTY, NaN, RangeError],
    [() => EMPTY, 1.5, RangeError],
    [() => EMPTY, -Infinity, RangeError],
  ])('refuses project %p with concurrency %p at the call', (project, concurrency, type) => {
    expect(() => mergeMapHeld(project as () => typeof EMPTY, concurrency as number)).toThrow(type);
  });

  it('takes Infinity, and then holds nothing for the sake of its inners', () => {
    const source = new FakeSource<number>();
    record(source.pipe(mergeMapHeld(() => NEVER, Infinity)));
    source.offer(...Array(1000).keys());
    turns.runAll();
    expect(source.waiting).toEqual([]);
    expect(source.held).toBe(false);
  });
});
