import * as fc from 'fast-check';
import { native } from '../../lib/native';
import { ReadArena } from '../../lib/rings/ReadArena';
import { ReactorSide, blockOf } from './support/ReactorSide';

const { control, submission } = native.layout;
const { arenaBlocks, arenaBlockBytes } = native.layout.memory;

describe('ReadArena', () => {
  it('gives the bytes where they stand', () => {
    const arena = new ReadArena(new Int32Array(control.controlWords));
    blockOf(arena, 3).write('hello', 64);
    expect(arena.view(3 * arenaBlockBytes + 64, 5).toString()).toBe('hello');
  });

  it('knows the chunk that is being handled, and no other view on the same bytes', () => {
    const arena = new ReadArena(new Int32Array(control.controlWords));
    const chunk = arena.view(4096, 100);
    expect(arena.offsetOf(chunk)).toBe(4096);
    expect(arena.offsetOf(chunk.subarray(0))).toBe(-1);
    expect(arena.offsetOf(new Uint8Array(100))).toBe(-1);
  });

  it('knows no chunk any more that has been handled, or has given way to the next', () => {
    const arena = new ReadArena(new Int32Array(control.controlWords));
    const first = arena.view(0, 10);
    const second = arena.view(10, 10);
    expect(arena.offsetOf(first)).toBe(-1);
    expect(arena.offsetOf(second)).toBe(10);
    arena.done();
    expect(arena.offsetOf(second)).toBe(-1);
  });

  it('keeps the block of a write in place until its record has been taken, and that block alone', () => {
    const side = new ReactorSide(8);
    side.ring.push(submission.read, 0, 1, 1, 0);
    side.ring.pushBytes(submission.write, 1, side.arena.view(5 * arenaBlockBytes - 1, 1));
    expect(side.mayFill(4)).toBe(false);
    expect(side.mayFill(3)).toBe(true);
    expect(side.mayFill(5)).toBe(true);
    side.ring.publish();
    side.take(1);
    expect(side.mayFill(4)).toBe(false);
    side.take(1);
    expect(side.mayFill(4)).toBe(true);
  });

  it('copies what is not the whole chunk, so its block is free at once', () => {
    const side = new ReactorSide(8);
    blockOf(side.arena, 2).fill(7, 0, 10);
    const chunk = side.arena.view(2 * arenaBlockBytes, 10);
    side.ring.pushBytes(submission.write, 1, chunk.subarray(2, 5));
    side.arena.done();
    side.ring.pushBytes(submission.write, 2, chunk);
    expect(side.mayFill(2)).toBe(true);
    blockOf(side.arena, 2).fill(9);
    side.ring.publish();
    expect(side.take().map(({ payload }) => [...payload])).toEqual([
      [7, 7, 7],
      Array<number>(10).fill(7),
    ]);
  });

  it.each([0, 0x7fffffff - 20, -20])(
    'is never filled where a write reads it, and free in the end, from submission %p on',
    (start) => {
      const step = fc.record({
        what: fc.constantFrom('write', 'write', 'other', 'publish', 'take'),
        block: fc.integer({ min: 0, max: arenaBlocks - 1 }),
        count: fc.integer({ min: 1, max: 5 }),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
          const side = new ReactorSide(16, start);
          // A model without sequence numbers: for each block, the writes that still read it.
          const readers = new Map<number, number>();
          const order: number[] = [];
          const take = (count: number): void => {
            for (const { kind } of side.take(count)) {
              if (kind !== submission.write) continue;
              const block = order.shift() as number;
              readers.set(block, (readers.get(block) as number) - 1);
            }
          };
          for (const { what, block, count } of steps) {
            if (what === 'write') {
              side.ring.pushBytes(submission.write, 1, side.arena.view(block * arenaBlockBytes, 8));
              side.arena.done();
              readers.set(block, (readers.get(block) ?? 0) + 1);
              order.push(block);
            } else if (what === 'other') side.ring.push(submission.read, 0, 1, 1, 0);
            else if (what === 'publish') side.ring.publish();
            else take(count);
            for (const [at, left] of readers) expect(side.mayFill(at)).toBe(left === 0);
          }
          do {
            side.ring.publish();
            take(Infinity);
          } while (side.ring.hasWaiting);
          for (let at = 0; at < arenaBlocks; at += 1) expect(side.mayFill(at)).toBe(true);
        }),
        { numRuns: 200 },
      );
    },
  );
});
