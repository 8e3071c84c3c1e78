import { map, mergeMap, of, share, Subject } from 'rxjs';
import type { Holdable } from '../../lib/flow/Source';
import { currentSource, enterSource, leaveSource } from '../../lib/flow/Source';

function fake(): Holdable {
  return { held: false, hold: () => () => undefined, postpone: () => () => undefined };
}

describe('currentSource', () => {
  it('is nothing outside of a scope', () => {
    expect(currentSource()).toBeUndefined();
  });

  it('nests and is restored', () => {
    const [a, b] = [fake(), fake()];
    const outside = enterSource(a);
    const inA = enterSource(b);
    expect(currentSource()).toBe(b);
    const inB = enterSource(undefined);
    expect(currentSource()).toBeUndefined();
    leaveSource(inB);
    expect(currentSource()).toBe(b);
    leaveSource(inA);
    expect(currentSource()).toBe(a);
    leaveSource(outside);
    expect(currentSource()).toBeUndefined();
  });

  it('passes through operators that pass values on synchronously', () => {
    const a = fake();
    const subject = new Subject<number>();
    const seen: unknown[] = [];
    const shared = subject.pipe(
      map((n) => n + 1),
      mergeMap((n) => of(n, n)),
      share(),
    );
    shared.subscribe(() => seen.push(currentSource()));
    shared.subscribe(() => seen.push(currentSource()));
    const outside = enterSource(a);
    subject.next(1);
    leaveSource(outside);
    subject.next(2);
    expect(seen).toEqual([a, a, a, a, undefined, undefined, undefined, undefined]);
  });
});
