import * as fc from 'fast-check';
import { native } from '../../lib/native';
import { OutMemory, SHARED_BYTES } from '../../lib/rings/OutMemory';
import { LentMemory } from './support/LentMemory';

const { pieces, releaseBit } = native.layout.memory;
const BLOCK_BYTES = 1 << 18;

/** The memory, with the numbers of submissions played by hand. */
class Memory {
  readonly lent = new LentMemory();
  pushed = 0;
  taken = 0;
  readonly out = new OutMemory(
    this.lent,
    () => this.pushed,
    (sequence) => this.taken >= sequence,
  );

  /** A submission that names bytes in a block that is shared. Returns where they stand. */
  write(bytes: Buffer): { piece: number; offset: number } {
    bytes.copy(this.out.reserve(bytes.length), this.out.offset);
    const { offset } = this.out;
    const piece = this.out.commit(bytes.length);
    this.pushed += 1;
    return { piece, offset };
  }

  large(source: Uint8Array): number {
    const aux = this.out.large(source);
    this.pushed += 1;
    expect(aux & releaseBit).toBe(releaseBit);
    return aux & ~releaseBit;
  }
}

describe('OutMemory', () => {
  it('puts small payloads one behind the other, in a block that many share', () => {
    const memory = new Memory();
    const first = memory.write(Buffer.from('abc'));
    const second = memory.write(Buffer.from('de'));
    expect(second).toEqual({ piece: first.piece, offset: 3 });
    expect(memory.lent.bytesOf(first.piece).toString('latin1', 0, 5)).toBe('abcde');
  });

  it('never has piece 0, which is the read arena', () => {
    const memory = new Memory();
    expect(memory.write(Buffer.from('x')).piece).toBeGreaterThan(0);
    expect(memory.large(new Uint8Array(SHARED_BYTES + 1))).toBeGreaterThan(0);
  });

  it('fills a block again once its last submission has been taken', () => {
    const memory = new Memory();
    const chunk = Buffer.alloc(SHARED_BYTES);
    const used = new Set<number>();
    for (let count = 0; count < 40; count += 1) {
      used.add(memory.write(chunk).piece);
      memory.taken = memory.pushed;
    }
    expect(used.size).toBe(1);
    expect(memory.lent.most).toBe(BLOCK_BYTES);
  });

  it('fills no block again before the very last one that names it has been taken', () => {
    const memory = new Memory();
    const perBlock = BLOCK_BYTES / SHARED_BYTES;
    const first = memory.write(Buffer.alloc(SHARED_BYTES)).piece;
    for (let count = 1; count < perBlock; count += 1) memory.write(Buffer.alloc(SHARED_BYTES));
    memory.taken = memory.pushed - 1;
    for (let count = 0; count < 2 * perBlock; count += 1) {
      expect(memory.write(Buffer.alloc(SHARED_BYTES)).piece).not.toBe(first);
    }
    memory.taken += 1;
    expect(memory.write(Buffer.alloc(SHARED_BYTES)).piece).toBe(first);
  });

  it('keeps a few blocks for what comes next, and gives back what a burst has left over', () => {
    const memory = new Memory();
    for (let count = 0; count < 200; count += 1) memory.write(Buffer.alloc(SHARED_BYTES));
    expect(memory.lent.bytes).toBe(50 * BLOCK_BYTES);
    memory.out.trim();
    expect(memory.lent.bytes).toBe(50 * BLOCK_BYTES);
    memory.taken = memory.pushed;
    memory.out.trim();
    expect(memory.lent.bytes).toBe(5 * BLOCK_BYTES);
  });

  it('has one piece for a large payload that goes to many connections', () => {
    const memory = new Memory();
    const payload = new Uint8Array(1 << 20).fill(1);
    const used = new Set(Array.from({ length: 500 }, () => memory.large(payload)));
    expect(used.size).toBe(1);
    expect(memory.lent.most).toBe(1 << 20);
    const [piece = 0] = used;
    for (let count = 1; count < 500; count += 1) memory.out.release(piece);
    expect(memory.lent.bytes).toBe(1 << 20);
    memory.out.release(piece);
    expect(memory.lent.bytes).toBe(0);
  });

  it('has another piece when the payload has been changed in between, or is another one', () => {
    const memory = new Memory();
    const payload = Buffer.alloc(100_000, 1);
    const first = memory.large(payload);
    payload[99_999] = 2;
    const second = memory.large(payload);
    const third = memory.large(Buffer.from(payload));
    expect(new Set([first, second, third]).size).toBe(3);
    expect(memory.lent.bytesOf(first)[99_999]).toBe(1);
    expect(memory.lent.bytesOf(second)[99_999]).toBe(2);
  });

  it('has another piece when the payload has been resized in between', () => {
    const memory = new Memory();
    // Node 20's types do not know it.
    const Resizable = ArrayBuffer as unknown as new (
      bytes: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(bytes: number): void };
    const buffer = new Resizable(100_000, { maxByteLength: 200_000 });
    const payload = new Uint8Array(buffer);
    const first = memory.large(payload);
    buffer.resize(70_000);
    const second = memory.large(payload);
    expect([first, second].map((piece) => memory.lent.bytesOf(piece).length)).toEqual([
      100_000, 70_000,
    ]);
  });

  it('forgets what it was given once, though the source is the same', () => {
    const memory = new Memory();
    const payload = Buffer.alloc(100_000, 1);
    memory.out.release(memory.large(payload));
    expect(memory.lent.bytes).toBe(0);
    const piece = memory.large(payload);
    expect(memory.lent.bytesOf(piece).equals(payload)).toBe(true);
  });

  it('gives nothing back for a piece that is not under way', () => {
    const memory = new Memory();
    const { piece } = memory.write(Buffer.from('x'));
    for (const stranger of [piece, 0, -1, 77, pieces]) memory.out.release(stranger);
    expect(memory.lent.pieces.has(piece)).toBe(true);
  });

  it('reads back a request that has been put there, for the one that closes its descriptor', () => {
    const memory = new Memory();
    const { piece, offset } = memory.write(Buffer.from(Int32Array.of(1, -123456).buffer));
    expect(memory.out.wordAt(piece, offset + 4)).toBe(-123456);
  });

  it('writes no block that the reactor may still read, whatever comes and goes', () => {
    const step = fc.record({
      what: fc.constantFrom('write', 'write', 'large', 'again', 'change', 'take', 'send', 'trim'),
      size: fc.oneof(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: SHARED_BYTES - 10, max: SHARED_BYTES }),
      ),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const memory = new Memory();
        let source = Buffer.alloc(SHARED_BYTES + 1);
        let fill = 0;
        /** By submission: what the reactor will read. */
        let unread: { number: number; piece: number; offset: number; bytes: Buffer }[] = [];
        const unsent: { piece: number; bytes: Buffer }[] = [];
        const large = (): void => {
          unsent.push({ piece: memory.large(source), bytes: Buffer.from(source) });
        };
        for (const { what, size } of steps) {
          fill = (fill + 1) & 0xff;
          if (what === 'write') {
            const bytes = Buffer.alloc(size, fill);
            const place = memory.write(bytes);
            unread.push({ number: memory.pushed, ...place, bytes });
          } else if (what === 'large') {
            source = Buffer.alloc(SHARED_BYTES + size, fill);
            large();
          } else if (what === 'again') large();
          else if (what === 'change') source[size] = fill;
          else if (what === 'take') memory.taken = Math.min(memory.pushed, memory.taken + size);
          else if (what === 'send') {
            for (const { piece } of unsent.splice(0, size)) memory.out.release(piece);
          } else memory.out.trim();
          unread = unread.filter(({ number }) => number > memory.taken);
          for (const { piece, offset, bytes } of unread) {
            const there = memory.lent.bytesOf(piece);
            expect(there.subarray(offset, offset + bytes.length).equals(bytes)).toBe(true);
          }
          for (const { piece, bytes } of unsent) {
            expect(memory.lent.bytesOf(piece).equals(bytes)).toBe(true);
          }
        }
        for (const { piece } of unsent) memory.out.release(piece);
        memory.taken = memory.pushed;
        memory.out.trim();
        // Some blocks stay for what comes next, but nothing of what has been sent.
        expect(memory.lent.bytes).toBeLessThanOrEqual(6 * BLOCK_BYTES);
      }),
      { numRuns: 200 },
    );
  });
});
