import * as fc from 'fast-check';
import { native } from '../../lib/native';
import { ReactorSide, type TakenRecord } from './support/ReactorSide';

const { submission } = native.layout;

/** What each id has been sent, put together from the records that the reactor has taken. */
function streams(records: readonly TakenRecord[]): Map<number, Buffer> {
  const byId = new Map<number, Buffer[]>();
  for (const { kind, id, payload } of records) {
    if (kind !== submission.write) continue;
    const parts = byId.get(id) ?? [];
    parts.push(payload);
    byId.set(id, parts);
  }
  return new Map([...byId].map(([id, parts]) => [id, Buffer.concat(parts)]));
}

describe('SubmissionRing', () => {
  it('shows nothing before publish', () => {
    const side = new ReactorSide(8, 1024);
    side.ring.push(submission.read, 0, 1, 1, 0);
    expect(side.visible).toBe(0);
    side.ring.publish();
    expect(side.take()).toMatchObject([{ kind: submission.read, id: 1, a: 1 }]);
  });

  it('makes one record of writes of one connection that follow each other', () => {
    const side = new ReactorSide(8, 1024);
    for (const text of ['a', 'b', 'c']) side.ring.pushText(1, text, 'latin1');
    side.ring.pushText(2, 'x', 'latin1');
    side.ring.pushText(1, 'd', 'latin1');
    side.ring.publish();
    expect(side.take().map(({ id, payload }) => [id, payload.toString()])).toEqual([
      [1, 'abc'],
      [2, 'x'],
      [1, 'd'],
    ]);
  });

  it('lets no write grow past another record, or past publish', () => {
    const side = new ReactorSide(8, 1024);
    side.ring.pushText(1, 'a', 'latin1');
    side.ring.push(submission.shutdown, 0, 1, 0, 0);
    side.ring.pushText(1, 'b', 'latin1');
    side.ring.publish();
    side.ring.pushText(1, 'c', 'latin1');
    side.ring.publish();
    expect(side.take().map(({ kind, payload }) => [kind, payload.toString()])).toEqual([
      [submission.write, 'a'],
      [submission.shutdown, ''],
      [submission.write, 'b'],
      [submission.write, 'c'],
    ]);
  });

  it('takes text of every encoding, and gives its length in bytes', () => {
    const side = new ReactorSide(8, 65536);
    expect(side.ring.pushText(1, '', 'utf8')).toBe(0);
    expect(side.ring.pushText(1, 'ü', 'utf8')).toBe(2);
    expect(side.ring.pushText(2, 'ü', 'latin1')).toBe(1);
    expect(side.ring.pushText(3, '\ud800', 'utf8')).toBe(3);
    expect(side.ring.pushText(4, '👋'.repeat(10_000), 'utf8')).toBe(40_000);
    side.ring.publish();
    const got = streams(side.take());
    expect([...got.keys()]).toEqual([1, 2, 3, 4]);
    expect(got.get(4)?.toString()).toBe('👋'.repeat(10_000));
  });

  it('announces once what has been published, and tells what waits', () => {
    const side = new ReactorSide(2, 1024);
    for (let id = 1; id <= 3; id += 1) side.ring.push(submission.read, 0, id, 1, 0);
    side.ring.publish();
    expect(side.ring.announce()).toBe(true);
    expect(side.ring.announce()).toBe(false);
    expect(side.ring.hasWaiting).toBe(true);
    expect(side.take()).toHaveLength(2);
    side.ring.publish();
    expect(side.ring.hasWaiting).toBe(false);
    expect(side.ring.announce()).toBe(true);
  });

  it('names what has found no room, and nothing that has', () => {
    const side = new ReactorSide(2, 1024);
    for (let fd = 1; fd <= 5; fd += 1) side.ring.push(submission.closeFd, 0, 0, fd, 0);
    side.ring.publish();
    expect([...side.ring.unpublished()].map(({ a }) => a)).toEqual([3, 4, 5]);
    side.take(1);
    side.ring.publish();
    expect([...side.ring.unpublished()].map(({ a }) => a)).toEqual([4, 5]);
    side.take();
    side.ring.publish();
    expect([...side.ring.unpublished()]).toEqual([]);
  });

  it('loses no byte and keeps order, whichever way bytes go and however slow the reactor is', () => {
    const write = fc.record({
      what: fc.constantFrom('bytes', 'text', 'latin1' as const),
      id: fc.integer({ min: 1, max: 3 }),
      size: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
        { weight: 2, arbitrary: fc.integer({ min: 200, max: 3000 }) },
        { weight: 1, arbitrary: fc.constantFrom(16383, 16384, 16385, 70_000) },
      ),
    });
    const other = fc.record({
      what: fc.constantFrom('record', 'publish', 'take', 'release'),
      id: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 1, max: 6 }),
    });
    const commands = fc.array(
      fc.oneof({ weight: 3, arbitrary: write }, { weight: 2, arbitrary: other }),
      { maxLength: 120 },
    );
    const sizes = fc.record({
      capacity: fc.constantFrom(1, 2, 8, 64),
      outSlab: fc.constantFrom(64, 1000, 4096),
    });
    fc.assert(
      fc.property(sizes, commands, ({ capacity, outSlab }, list) => {
        const side = new ReactorSide(capacity, outSlab);
        const expected = new Map<number, Buffer[]>();
        const order: number[] = [];
        const taken: TakenRecord[] = [];
        let next = 0;
        const bytesOf = (size: number): Buffer => {
          const bytes = Buffer.from(Array.from({ length: size }, (_, at) => (next + at) & 0x7f));
          next += size;
          return bytes;
        };
        const note = (id: number, bytes: Buffer): void => {
          if (bytes.length > 0) expected.set(id, [...(expected.get(id) ?? []), bytes]);
        };
        for (const { what, id, size } of list) {
          if (what === 'bytes') {
            const bytes = bytesOf(size);
            // A connection submits no empty chunk.
            if (size > 0) side.ring.pushPayload(submission.write, id, bytes);
            note(id, bytes);
          } else if (what === 'text' || what === 'latin1') {
            const bytes = bytesOf(size);
            const encoding = what === 'text' ? 'utf8' : 'latin1';
            expect(side.ring.pushText(id, bytes.toString('latin1'), encoding)).toBe(size);
            note(id, bytes);
          } else if (what === 'record') {
            side.ring.push(submission.notify, 0, id, order.length, 0);
            order.push(order.length);
          } else if (what === 'publish') {
            side.ring.publish();
          } else if (what === 'take') {
            taken.push(...side.take(size));
          } else {
            for (const pin of side.done.splice(0, size)) side.release(pin);
          }
        }
        do {
          side.ring.publish();
          taken.push(...side.take());
        } while (side.ring.hasWaiting);
        const got = streams(taken);
        const want = new Map([...expected].map(([id, parts]) => [id, Buffer.concat(parts)]));
        expect([...got.keys()].sort()).toEqual([...want.keys()].sort());
        for (const [id, bytes] of want) expect(got.get(id)?.equals(bytes)).toBe(true);
        const notices = taken.filter(({ kind }) => kind === submission.notify);
        expect(notices.map(({ a }) => a)).toEqual(order);
        // Everything that was pinned can be let go, but for the spill slab that is being filled.
        for (const pin of side.done.splice(0)) side.release(pin);
        expect(side.pinned.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('counts on past 2^31 records', () => {
    const side = new ReactorSide(4, 1024);
    const start = 0x7fffffff - 5;
    // The indices of both sides, as they are after that many records.
    Object.assign(side.ring, { tail: start, published: start, announced: start, head: start });
    Object.assign(side, { head: start });
    const seen: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let id = 1; id <= 3; id += 1) side.ring.push(submission.read, 0, round * 3 + id, 1, 0);
      side.ring.publish();
      seen.push(...side.take().map(({ id }) => id));
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });
});
