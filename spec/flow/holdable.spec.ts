import { EventEmitter } from 'node:events';
import { config, from, fromEvent, NEVER, of, Subject, take, tap, throwError } from 'rxjs';
import { hold } from '../../lib/flow/hold';
import { holdable, type HoldableConfig } from '../../lib/flow/holdable';
import type { Holdable } from '../../lib/flow/Source';
import type { Release } from '../../lib/flow/Source';
import { currentSource, enterSource, leaveSource } from '../../lib/flow/Source';
import { ManualTurns } from './support/ManualTurns';
import { marbles } from './support/marbles';
import { record } from '../support/record';

describe('holdable', () => {
  const turns = new ManualTurns();
  let log: string[];
  let calls: HoldableConfig;
  beforeEach(() => {
    turns.install();
    log = [];
    calls = { pause: () => log.push('pause'), resume: () => log.push('resume') };
  });
  afterEach(() => {
    turns.remove();
  });

  it.each([
    ['never', NEVER, [], undefined],
    ['empty', of(), [], 'complete'],
    ['one', of(1), [1], 'complete'],
    ['many', from([1, 2, 3]), [1, 2, 3], 'complete'],
    ['error', throwError(() => 'bad'), [], 'bad'],
  ])('passes on what is not held: %s', (_, source, values, ending) => {
    const recording = record(holdable(source, calls));
    expect(recording).toMatchObject({ values, ending });
    expect(log).toEqual([]);
    expect(turns.length).toBe(0);
  });

  it('is the current source of what it emits', () => {
    const seen: unknown[] = [];
    record(holdable(of(1, 2), calls), () => seen.push(currentSource()));
    expect(seen[0]).toBeDefined();
    expect(seen[1]).toBe(seen[0]);
    expect(currentSource()).toBeUndefined();
  });

  it('pauses at the first hold and resumes in a later turn than the last release', () => {
    const releases: Release[] = [];
    const source = new Subject<number>();
    record(holdable(source, calls), () => releases.push(hold(), hold()));
    source.next(1);
    expect(log).toEqual(['pause']);
    releases[0]?.();
    turns.runAll();
    releases[1]?.();
    expect(log).toEqual(['pause']);
    turns.runAll();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('keeps values that come while held, and emits them in order before it resumes', () => {
    let release: Release = () => undefined;
    const source = new Subject<number>();
    const { values } = record(holdable(source, calls), (value) => {
      log.push(String(value));
      if (value === 1) release = hold();
    });
    for (const value of [1, 2, 3]) source.next(value);
    expect(values).toEqual([1]);
    release();
    source.next(4);
    expect(values).toEqual([1]);
    turns.runAll();
    expect(log).toEqual(['1', 'pause', '2', '3', '4', 'resume']);
  });

  it('does not resume when a new hold has come', () => {
    const releases: Release[] = [];
    const source = new Subject<number>();
    const { values } = record(holdable(source, calls), () => releases.push(hold()));
    for (const value of [1, 2, 3]) source.next(value);
    releases[0]?.();
    turns.runAll();
    expect(values).toEqual([1, 2]);
    expect(log).toEqual(['pause']);
    releases[1]?.();
    turns.runAll();
    releases[2]?.();
    turns.runAll();
    expect(values).toEqual([1, 2, 3]);
    expect(log).toEqual(['pause', 'resume']);
  });

  it.each([
    ['complete', 'complete'],
    ['error', 'bad'],
  ])('lets the ending wait for values and holds: %s', (kind, ending) => {
    const releases: Release[] = [];
    const source = new Subject<number>();
    const recording = record(holdable(source, calls), () => releases.push(hold()));
    source.next(1);
    source.next(2);
    if (kind === 'complete') source.complete();
    else source.error('bad');
    releases[0]?.();
    turns.runAll();
    expect(recording).toMatchObject({ values: [1, 2], ending: undefined });
    releases[1]?.();
    turns.runAll();
    expect(recording.ending).toBe(ending);
    expect(log).toEqual(['pause', 'resume']);
  });

  it('resumes in a later turn when it is unsubscribed while held', () => {
    const source = new Subject<number>();
    const { values, subscription } = record(holdable(source, calls), () => hold());
    source.next(1);
    source.next(2);
    subscription.unsubscribe();
    expect(source.observed).toBe(false);
    expect(log).toEqual(['pause']);
    turns.runAll();
    expect(log).toEqual(['pause', 'resume']);
    expect(values).toEqual([1]);
  });

  it('may be unsubscribed within next, by a synchronous source too', () => {
    let seen = 0;
    const source = from(Array(100).keys()).pipe(tap(() => (seen += 1)));
    const { values, ending } = record(holdable(source, calls).pipe(take(3)));
    expect({ values, ending, seen }).toEqual({ values: [0, 1, 2], ending: 'complete', seen: 3 });
    let release: Release = () => undefined;
    const subject = new Subject<number>();
    const recording = record(
      holdable(subject, calls).pipe(
        tap(() => (release = hold())),
        take(2),
      ),
    );
    for (const value of [1, 2, 3]) subject.next(value);
    release();
    turns.runAll();
    expect(recording).toMatchObject({ values: [1, 2], ending: 'complete' });
    turns.runAll();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('lets several subscribers share one pause', () => {
    const releases: Release[] = [];
    const source = new Subject<number>();
    const held = holdable(source, calls);
    record(held, () => releases.push(hold()));
    const second = record(held, () => releases.push(hold()));
    source.next(1);
    releases[0]?.();
    turns.runAll();
    expect(log).toEqual(['pause']);
    second.subscription.unsubscribe();
    turns.runAll();
    expect(log).toEqual(['pause', 'resume']);
  });

  it('emits at most 256 waiting values in one turn', () => {
    let release: Release = () => undefined;
    const source = new Subject<number>();
    const { values } = record(holdable(source, calls), (value) => {
      if (value === 0) release = hold();
    });
    for (let value = 0; value < 600; value += 1) source.next(value);
    release();
    const counts: number[] = [];
    while (turns.runOne()) counts.push(values.length);
    expect(counts).toEqual([257, 513, 600]);
    expect(values).toEqual([...Array(600).keys()]);
  });

  it('lets nothing overtake what waits, not even from within next', () => {
    let release: Release = () => undefined;
    const source = new Subject<number>();
    const { values } = record(holdable(source, calls), (value) => {
      if (value === 1) release = hold();
      if (value === 2) source.next(4);
    });
    for (const value of [1, 2, 3]) source.next(value);
    release();
    turns.runAll();
    expect(values).toEqual([1, 2, 3, 4]);
  });

  it('still knows the way back for a value when another has passed from within next', () => {
    const outer: Holdable = {
      held: false,
      hold: () => () => undefined,
      postpone: () => () => undefined,
      giveBackOf: () => () => undefined,
    };
    const source = new Subject<number>();
    const backs: unknown[] = [];
    record(holdable(source, calls), (value) => {
      const own = currentSource();
      if (value === 1) {
        const scope = enterSource(undefined);
        source.next(2);
        leaveSource(scope);
      }
      backs.push([value, typeof own?.giveBackOf?.(value)]);
    });
    const scope = enterSource(outer);
    source.next(1);
    leaveSource(scope);
    expect(backs).toEqual([
      [2, 'undefined'],
      [1, 'function'],
    ]);
  });

  it('is not paused by a hold that comes after it was unsubscribed', () => {
    const source = new Subject<number>();
    let own: ReturnType<typeof currentSource>;
    const { subscription } = record(holdable(source, calls), () => (own = currentSource()));
    source.next(1);
    subscription.unsubscribe();
    own?.hold('late')();
    turns.runAll();
    expect(log).toEqual([]);
  });

  it('passes on what pause throws, and is not left paused', () => {
    let release: Release = () => undefined;
    const source = new Subject<number>();
    const failing = {
      pause: () => {
        throw new Error('cannot pause');
      },
      resume: () => log.push('resume'),
    };
    const recording = record(holdable(source, failing), () => (release = hold()));
    source.next(1);
    expect(source.observed).toBe(false);
    expect(recording.ending).toBeUndefined();
    release();
    turns.runAll();
    expect(recording.ending).toEqual(new Error('cannot pause'));
    expect(log).toEqual([]);
  });

  it('passes on what resume throws', () => {
    const failing = {
      pause: () => log.push('pause'),
      resume: () => {
        throw new Error('cannot resume');
      },
    };
    const source = new Subject<number>();
    const recording = record(holdable(source, failing), () => {
      hold()();
    });
    source.next(1);
    turns.runAll();
    expect(recording.ending).toEqual(new Error('cannot resume'));
    expect(source.observed).toBe(false);
  });

  it('goes on after a consumer that throws, and restores the scope', async () => {
    const reported = new Promise((resolve) => {
      config.onUnhandledError = resolve;
    });
    const source = new Subject<number>();
    const seen: number[] = [];
    holdable(source, calls).subscribe((value) => {
      seen.push(value);
      if (value === 1) throw new Error('consumer');
    });
    source.next(1);
    expect(currentSource()).toBeUndefined();
    source.next(2);
    expect(seen).toEqual([1, 2]);
    expect(await reported).toEqual(new Error('consumer'));
    config.onUnhandledError = null;
  });

  it('adapts an emitter that can be paused', () => {
    const emitter = new EventEmitter();
    const backlog = [1, 2, 3, 4, 5];
    let flowing = true;
    const flow = (): void => {
      while (flowing && backlog.length > 0) emitter.emit('data', backlog.shift());
    };
    const releases: Release[] = [];
    const source = holdable(fromEvent(emitter, 'data'), {
      pause: () => {
        flowing = false;
      },
      resume: () => {
        flowing = true;
        flow();
      },
    });
    const { values } = record(source, () => releases.push(hold()));
    flow();
    expect(values).toEqual([1]);
    while (releases.length > 0) {
      releases.shift()?.();
      turns.runAll();
    }
    expect(values).toEqual([1, 2, 3, 4, 5]);
  });

  it('works in virtual time', () => {
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('   -a-b-c----d--|');
      const expected = '      -a----(bc)d--|';
      const result = holdable(source, calls).pipe(
        tap((value) => {
          if (value === 'a') scheduler.schedule(hold(), 5);
        }),
      );
      expectObservable(result).toBe(expected);
    });
    expect(log).toEqual(['pause', 'resume']);
  });

  it.each([
    [undefined],
    [{}],
    [{ pause: () => undefined }],
    [{ pause: 1, resume: () => undefined }],
  ])('refuses %p with a TypeError at the call', (bad) => {
    expect(() => holdable(NEVER, bad as HoldableConfig)).toThrow(TypeError);
  });
});
