import fc from 'fast-check';
import { Holds } from '../../lib/flow/Source';
import type { Release } from '../../lib/flow/Source';

describe('Holds', () => {
  it('reports only the first hold and the last release', () => {
    const log: string[] = [];
    const holds = new Holds(
      () => log.push('held'),
      () => log.push('released'),
    );
    const first = holds.hold('a');
    const second = holds.hold('b');
    first();
    expect(log).toEqual(['held']);
    expect(holds.held).toBe(true);
    second();
    expect(log).toEqual(['held', 'released']);
    expect(holds.held).toBe(false);
  });

  it('does nothing on a second release', () => {
    const released = jest.fn();
    const holds = new Holds(() => undefined, released);
    const first = holds.hold('a');
    const second = holds.hold('a');
    first();
    first();
    expect(holds.held).toBe(true);
    second();
    second();
    first();
    expect(released).toHaveBeenCalledTimes(1);
  });

  it('names each cause once, as long as it holds', () => {
    const holds = new Holds(
      () => undefined,
      () => undefined,
    );
    const object = {};
    const releases = ['a', object, 'a', undefined].map((cause) => holds.hold(cause));
    expect(holds.heldBy).toEqual(['a', object, undefined]);
    releases[0]?.();
    expect(holds.heldBy).toEqual(['a', object, undefined]);
    releases[2]?.();
    expect(holds.heldBy).toEqual([object, undefined]);
  });

  it('is not held when telling the first hold throws', () => {
    const released = jest.fn();
    let fails = true;
    const holds = new Holds(() => {
      if (fails) throw new Error('cannot pause');
    }, released);
    expect(() => holds.hold('a')).toThrow('cannot pause');
    expect(holds.held).toBe(false);
    expect(holds.heldBy).toEqual([]);
    fails = false;
    holds.hold('b')();
    expect(released).toHaveBeenCalledTimes(1);
  });

  it('is already held when the first hold is reported, and free when the last release is', () => {
    const seen: boolean[] = [];
    const holds: Holds = new Holds(
      () => seen.push(holds.held),
      () => seen.push(holds.held),
    );
    holds.hold('a')();
    expect(seen).toEqual([true, false]);
  });

  it('agrees with a multiset of causes, whatever comes', () => {
    const operation = fc.oneof(
      fc.record({ hold: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ release: fc.nat(20) }),
    );
    fc.assert(
      fc.property(fc.array(operation), (operations) => {
        const log: string[] = [];
        const holds = new Holds(
          () => log.push('held'),
          () => log.push('released'),
        );
        const all: { cause: string; release: Release; open: boolean }[] = [];
        for (const one of operations) {
          if ('hold' in one) {
            all.push({ cause: one.hold, release: holds.hold(one.hold), open: true });
          } else {
            const chosen = all[one.release];
            chosen?.release();
            if (chosen) chosen.open = false;
          }
          const open = all.filter((entry) => entry.open).map((entry) => entry.cause);
          expect(holds.held).toBe(open.length > 0);
          expect([...holds.heldBy].sort()).toEqual([...new Set(open)].sort());
        }
        log.forEach((entry, index) => {
          expect(entry).toBe(index % 2 === 0 ? 'held' : 'released');
        });
      }),
    );
  });
});
