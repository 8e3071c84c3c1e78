import * as fc from 'fast-check';
import type { CompletionHandler } from '../../lib/base/CompletionHandler';
import { HandlerTable } from '../../lib/base/HandlerTable';
import { native } from '../../lib/native';

const { slots, slotBits } = native.layout.memory;

const handler = (): CompletionHandler => ({ id: 0, complete: () => {}, abandon: () => {} });

/** A handler in the table, and the id that it was given. */
function added(table: HandlerTable): { one: CompletionHandler; id: number } {
  const one = handler();
  table.add(one);
  return { one, id: one.id };
}

describe('HandlerTable', () => {
  it('never gives the id 0, which is that of the reactor itself, and of what is gone', () => {
    const table = new HandlerTable(() => {});
    expect(table.find(0)).toBeUndefined();
    expect(added(table).id).not.toBe(0);
    table.remove(0);
    expect(table.size).toBe(1);
  });

  it('takes the id from a handler that is gone', () => {
    const table = new HandlerTable(() => {});
    const { one, id } = added(table);
    expect(table.find(id)).toBe(one);
    table.remove(id);
    expect(one.id).toBe(0);
  });

  it('leaves a handler the id that it has been given since', () => {
    const table = new HandlerTable(() => {});
    const { one, id } = added(table);
    table.add(one);
    const second = one.id;
    expect(second).not.toBe(id);
    table.remove(id);
    expect(one.id).toBe(second);
    expect(table.find(second)).toBe(one);
  });

  it('uses a slot again only with another generation', () => {
    const table = new HandlerTable(() => {});
    const seen = new Set<number>();
    for (let round = 0; round < 1 << (32 - slotBits); round += 1) {
      const { id } = added(table);
      expect(seen.has(id)).toBe(false);
      expect(table.slotOf(id)).toBe(1);
      seen.add(id);
      table.remove(id);
      expect(table.find(id)).toBeUndefined();
    }
  });

  it('uses the slots again that have been free for longest', () => {
    const table = new HandlerTable(() => {});
    const ids = Array.from({ length: 4 }, () => added(table).id);
    for (const index of [2, 0, 3, 1]) table.remove(ids[index] as number);
    const again = Array.from({ length: 5 }, () => table.slotOf(added(table).id));
    expect(again).toEqual([3, 1, 4, 2, 5]);
  });

  it('has room for as many handlers as there are slots, but for the reactor, and is whole then', () => {
    const table = new HandlerTable(() => {});
    const { id } = added(table);
    while (table.size < slots - 1) table.add(handler());
    const one = handler();
    expect(() => {
      table.add(one);
    }).toThrow(
      expect.objectContaining({
        code: 'ENOBUFS',
        message: expect.stringContaining('a reactor has room for 1048575 handlers') as string,
      }) as Error,
    );
    expect([one.id, table.size]).toEqual([0, slots - 1]);
    table.remove(id);
    table.add(one);
    expect(table.find(one.id)).toBe(one);
  });

  it('gives everything that it holds when it is cleared, and then holds nothing', () => {
    const table = new HandlerTable(() => {});
    const held = [added(table), added(table)];
    expect(table.clear()).toEqual(held.map(({ one }) => one));
    expect(table.size).toBe(0);
    for (const { one, id } of held) {
      expect(one.id).toBe(0);
      expect(table.find(id)).toBeUndefined();
    }
  });

  it('counts those that keep the process alive, and calls when that changes', () => {
    let calls = 0;
    const table = new HandlerTable(() => (calls += 1));
    const first = added(table).id;
    const second = added(table).id;
    table.reference(first, false);
    table.reference(first, false);
    expect([table.size, table.referenced]).toEqual([2, 1]);
    table.remove(first);
    table.reference(first, false);
    calls = 0;
    table.reference(second, false);
    expect([table.size, table.referenced, calls]).toEqual([1, 0, 1]);
    table.reference(second, true);
    expect(table.referenced).toBe(1);
    table.remove(second);
    expect([table.size, table.referenced]).toEqual([0, 0]);
  });

  it('finds what is there, never what was, and reports when it gets busy and idle', () => {
    const step = fc.record({
      what: fc.constantFrom('add', 'add', 'remove', 'remove stale', 'find'),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const reported: boolean[] = [];
        const table: HandlerTable = new HandlerTable(() => reported.push(table.size > 0));
        const live = new Map<number, CompletionHandler>();
        const gone = new Map<number, CompletionHandler>();
        const free: number[] = [];
        const expected: boolean[] = [];
        const at = <T>(list: readonly T[], index: number): T | undefined =>
          list[index % list.length];
        for (const { what, pick } of steps) {
          if (what === 'add') {
            const { one, id } = added(table);
            expect(live.has(id) || gone.has(id)).toBe(false);
            expect(table.slotOf(id)).toBe(free.shift() ?? live.size + 1);
            if (live.size === 0) expected.push(true);
            live.set(id, one);
          } else if (what === 'remove') {
            const id = at([...live.keys()], pick);
            if (id === undefined) continue;
            table.remove(id);
            gone.set(id, live.get(id) as CompletionHandler);
            live.delete(id);
            free.push(table.slotOf(id));
            if (live.size === 0) expected.push(false);
          } else if (what === 'remove stale') {
            const id = at([...gone.keys()], pick);
            if (id !== undefined) table.remove(id);
          }
          expect(table.size).toBe(live.size);
          for (const [id, one] of live) {
            expect(table.find(id)).toBe(one);
            expect(one.id).toBe(id);
          }
          for (const [id, one] of gone) {
            expect(table.find(id)).toBeUndefined();
            expect(one.id).toBe(0);
          }
        }
        expect(reported).toEqual(expected);
      }),
    );
  });
});
