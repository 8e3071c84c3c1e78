import * as fc from 'fast-check';
import type { CompletionHandler } from '../../lib/base/CompletionHandler';
import { HandlerTable } from '../../lib/base/HandlerTable';

const handler = (): CompletionHandler => ({ complete: () => {}, abandon: () => {} });

describe('HandlerTable', () => {
  it('never has the id 0, which is that of the reactor itself', () => {
    const table = new HandlerTable(() => {});
    expect(table.find(0)).toBeUndefined();
    expect(table.add(handler())).not.toBe(0);
    table.remove(0);
    expect(table.size).toBe(1);
  });

  it('uses a slot again only with another generation', () => {
    const table = new HandlerTable(() => {});
    const seen = new Set<number>();
    for (let round = 0; round < 4096; round += 1) {
      const id = table.add(handler());
      expect(seen.has(id)).toBe(false);
      expect(table.slotOf(id)).toBe(1);
      seen.add(id);
      table.remove(id);
      expect(table.find(id)).toBeUndefined();
    }
  });

  it('gives everything that it holds when it is cleared, and then holds nothing', () => {
    const table = new HandlerTable(() => {});
    const handlers = [handler(), handler()];
    const ids = handlers.map((one) => table.add(one));
    expect(table.clear()).toEqual(handlers);
    expect(table.size).toBe(0);
    for (const id of ids) expect(table.find(id)).toBeUndefined();
  });

  it('finds what is there, never what was, and tells when it gets busy and idle', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'add', 'remove', 'remove stale', 'find'),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const told: boolean[] = [];
        const table = new HandlerTable((active) => told.push(active));
        const live = new Map<number, CompletionHandler>();
        const stale: number[] = [];
        const expected: boolean[] = [];
        const at = <T>(list: readonly T[], index: number): T | undefined =>
          list[index % list.length];
        for (const { what, pick } of steps) {
          if (what === 'add') {
            const added = handler();
            const id = table.add(added);
            expect(live.has(id) || stale.includes(id)).toBe(false);
            if (live.size === 0) expected.push(true);
            live.set(id, added);
          } else if (what === 'remove') {
            const id = at([...live.keys()], pick);
            if (id === undefined) continue;
            table.remove(id);
            live.delete(id);
            stale.push(id);
            if (live.size === 0) expected.push(false);
          } else if (what === 'remove stale') {
            const id = at(stale, pick);
            if (id !== undefined) table.remove(id);
          }
          expect(table.size).toBe(live.size);
          for (const [id, added] of live) expect(table.find(id)).toBe(added);
          for (const id of stale) expect(table.find(id)).toBeUndefined();
        }
        expect(told).toEqual(expected);
      }),
    );
  });
});
