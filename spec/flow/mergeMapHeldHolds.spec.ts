import { concat, map, of, Subject, type Observable } from 'rxjs';
import { hold } from '../../lib/flow/hold';
import type { Release } from '../../lib/flow/Source';
import { mergeMapHeld } from '../../lib/flow/mergeMapHeld';
import { FakeSource } from './support/FakeSource';
import { ManualTurns } from './support/ManualTurns';
import { record } from '../support/record';

describe('mergeMapHeld, held from downstream,', () => {
  const turns = new ManualTurns();
  beforeEach(() => turns.install());
  afterEach(() => {
    turns.remove();
  });

  it('starts no inner for a foreign value while somebody holds', () => {
    const source = new Subject<number>();
    let release: Release = () => undefined;
    const project = jest.fn((value: number) => of(value));
    const { values } = record(source.pipe(mergeMapHeld(project, 3)), () => (release = hold()));
    source.next(1);
    source.next(2);
    expect(project).toHaveBeenCalledTimes(1);
    release();
    turns.runAll();
    expect(values).toEqual([1, 2]);
  });

  it('passes a hold to its source, so that no inner starts', () => {
    const source = new FakeSource<number>();
    let release: Release = () => undefined;
    const project = jest.fn((value: number) => of(value));
    const { values } = record(
      source.pipe(mergeMapHeld(project, 4)),
      () => (release = hold('slow')),
    );
    source.offer(1, 2);
    turns.runAll();
    expect(source.own.heldBy).toEqual(['mergeMapHeld']);
    expect(project).toHaveBeenCalledTimes(1);
    release();
    expect(values).toEqual([1]);
    turns.runAll();
    expect(values).toEqual([1, 2]);
  });

  it('holds its source at once when a value comes late and is not wanted', () => {
    const source = new FakeSource<number>();
    const inner = new Subject<string>();
    let release: Release = () => undefined;
    record(source.pipe(mergeMapHeld(() => inner, 4)), () => (release = hold()));
    source.offer(1);
    turns.runAll();
    expect(source.held).toBe(false);
    inner.next('a');
    expect(source.held).toBe(true);
    release();
    turns.runAll();
    expect(source.held).toBe(false);
  });

  it('passes a hold to the sources inside its inners', () => {
    const source = new FakeSource<number>();
    const inners = ['a', 'b', 'c'].map((name) => new FakeSource<string>(name));
    let release: Release = () => undefined;
    const result = source.pipe(mergeMapHeld((index) => inners[index]!, 3));
    const { values } = record(result, (value) => {
      if (value === 'b1') release = hold();
    });
    source.offer(0, 1, 2);
    turns.runAll();
    inners[0]?.offer('a1');
    inners[1]?.offer('b1', 'b2');
    expect(inners.map((inner) => inner.held)).toEqual([true, true, false]);
    inners[0]?.offer('a2');
    inners[2]?.offer('c1', 'c2');
    expect(inners[2]?.own.heldBy).toEqual(['mergeMapHeld']);
    expect(values).toEqual(['a1', 'b1']);
    release();
    turns.runAll();
    expect([...values].sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'c1', 'c2']);
    expect(inners.some((inner) => inner.held)).toBe(false);
  });

  it('keeps what inners emit that cannot be held, in order, behind the hold', () => {
    const source = new FakeSource<number>();
    const inner = new Subject<string>();
    let release: Release = () => undefined;
    const result = source.pipe(mergeMapHeld(() => concat(of('a', 'b'), inner), 1));
    const recording = record(result, (value) => {
      if (value === 'a') release = hold();
    });
    source.offer(1);
    source.complete();
    turns.runAll();
    inner.next('c');
    inner.complete();
    expect(recording).toMatchObject({ values: ['a'], ending: undefined });
    release();
    turns.runAll();
    expect(recording).toMatchObject({ values: ['a', 'b', 'c'], ending: 'complete' });
  });

  it('passes a hold through two of its kind, one inside the other', () => {
    const source = new FakeSource<string>();
    const innermost = new FakeSource<string>();
    let release: Release = () => undefined;
    const inside = (value: string): Observable<string> =>
      of(value).pipe(
        mergeMapHeld(() => innermost, 3),
        map((word) => value + word),
      );
    const { values } = record(source.pipe(mergeMapHeld(inside, 3)), () => (release = hold()));
    source.offer('a', 'b');
    turns.runAll();
    innermost.offer('1', '2');
    expect(values).toEqual(['a1']);
    expect(source.held && innermost.held).toBe(true);
    release();
    turns.runAll();
    // The value that 'b' had waiting comes next, and is held as well.
    expect(values).toEqual(['a1', 'b1']);
    expect(source.held && innermost.held).toBe(true);
    for (const expected of ['a2', 'b2']) {
      release();
      turns.runAll();
      expect(values.at(-1)).toBe(expected);
    }
    release();
    turns.runAll();
    expect(source.held || innermost.held).toBe(false);
  });

  it('passes a hold through two of its kind, one after the other', () => {
    const source = new FakeSource<number>();
    let release: Release = () => undefined;
    const gates = new Map<number, Subject<number>>();
    const { values } = record(
      source.pipe(
        mergeMapHeld((value) => of(value), 3),
        mergeMapHeld((value) => {
          gates.set(value, new Subject());
          return gates.get(value)!;
        }, 1),
      ),
      () => (release = hold()),
    );
    source.offer(1, 2);
    turns.runAll();
    expect(source.held).toBe(true);
    gates.get(1)?.next(1);
    gates.get(1)?.complete();
    turns.runAll();
    expect(source.held).toBe(true);
    expect(gates.size).toBe(1);
    release();
    turns.runAll();
    expect(gates.size).toBe(2);
    gates.get(2)?.next(2);
    expect(values).toEqual([1, 2]);
  });
});
