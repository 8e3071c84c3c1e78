import * as fc from 'fast-check';
import { native } from '../../lib/native';
import { encodeRequest } from '../../lib/rings/encodeRequest';
import { SHARED_BYTES } from '../../lib/rings/OutMemory';
import { ReactorSide, blockOf, type TakenRecord } from './support/ReactorSide';

const { submission, sendFileRequest } = native.layout;
const { arenaBlocks, arenaBlockBytes } = native.layout.memory;

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
    const side = new ReactorSide(8);
    side.ring.push(submission.read, 0, 1, 1, 0);
    expect(side.visible).toBe(0);
    side.ring.publish();
    expect(side.take()).toMatchObject([{ kind: submission.read, id: 1, a: 1 }]);
  });

  it('makes one record of writes of one connection that follow each other', () => {
    const side = new ReactorSide(8);
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
    const side = new ReactorSide(8);
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
    const side = new ReactorSide(8);
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

  it.each([1, 100, SHARED_BYTES, SHARED_BYTES + 1, 1 << 20])(
    'has taken %i bytes when it returns: the caller may change or detach them',
    (size) => {
      const side = new ReactorSide(8);
      const bytes = new Uint8Array(size).fill(7);
      expect(side.ring.pushBytes(submission.write, 1, bytes)).toBe(size);
      bytes.fill(9);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      side.ring.publish();
      expect(side.take()[0]?.payload.equals(Buffer.alloc(size, 7))).toBe(true);
    },
  );

  it('announces once what has been published, and says what waits', () => {
    const side = new ReactorSide(2);
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

  it('asks for room once it has found none, and is signalled once when there is some', () => {
    const side = new ReactorSide(2);
    for (let id = 1; id <= 2; id += 1) side.ring.push(submission.read, 0, id, 1, 0);
    side.ring.publish();
    side.take(1);
    expect(side.signals).toBe(0);
    for (let id = 3; id <= 6; id += 1) side.ring.push(submission.read, 0, id, 1, 0);
    side.ring.publish();
    expect(side.ring.hasWaiting).toBe(true);
    side.take(1);
    side.take(1);
    expect(side.signals).toBe(1);
    side.ring.publish();
    side.take();
    side.ring.publish();
    expect(side.ring.hasWaiting).toBe(false);
    expect(side.signals).toBe(2);
  });

  it('names the descriptors of what has found no room, and of nothing that has', () => {
    const side = new ReactorSide(2);
    for (let fd = 1; fd <= 3; fd += 1) side.ring.push(submission.discard, 0, 0, fd, 0);
    side.ring.push(submission.read, 0, 1, 77, 0);
    side.ring.push(submission.adopt, 0, 1, 4, 1000);
    const file = { fd: 5, bytes: 1, offsetLow: 0, offsetHigh: 0 };
    side.ring.pushBytes(submission.sendFile, 1, encodeRequest(sendFileRequest, file));
    side.ring.push(submission.fd, 0, 1, 6, 0);
    side.ring.publish();
    expect([...side.ring.unpublishedDescriptors()]).toEqual([3, 4, 5, 6]);
    side.take(1);
    side.ring.publish();
    expect([...side.ring.unpublishedDescriptors()]).toEqual([4, 5, 6]);
    do {
      side.take();
      side.ring.publish();
    } while (side.ring.hasWaiting);
    expect([...side.ring.unpublishedDescriptors()]).toEqual([]);
  });

  it('loses no byte and keeps order, whichever way bytes go and however slow the reactor is', () => {
    const write = fc.record({
      what: fc.constantFrom('bytes', 'text', 'latin1', 'received', 'shared' as const),
      id: fc.integer({ min: 1, max: 3 }),
      size: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
        { weight: 2, arbitrary: fc.integer({ min: 200, max: 30_000 }) },
        { weight: 1, arbitrary: fc.constantFrom(SHARED_BYTES, SHARED_BYTES + 1, 100_000) },
      ),
    });
    const other = fc.record({
      what: fc.constantFrom('record', 'publish', 'take', 'send', 'trim', 'change'),
      id: fc.integer({ min: 1, max: 3 }),
      size: fc.integer({ min: 1, max: 6 }),
    });
    const commands = fc.array(
      fc.oneof({ weight: 3, arbitrary: write }, { weight: 2, arbitrary: other }),
      { maxLength: 120 },
    );
    const starts = fc.constantFrom(0, 0x7fffffff - 20, -20);
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 8, 64), starts, commands, (capacity, start, list) => {
        const side = new ReactorSide(capacity, start);
        const expected = new Map<number, Buffer[]>();
        const order: number[] = [];
        const taken: TakenRecord[] = [];
        /** One payload that goes to many connections, and is changed now and then. */
        const shared = Buffer.alloc(SHARED_BYTES + 10);
        let next = 1;
        const fillUp = (bytes: Buffer): Buffer => {
          bytes.fill(Buffer.from(Array.from({ length: 31 }, (_, at) => (next + at) & 0x7f)));
          next += 1;
          return bytes;
        };
        const note = (id: number, bytes: Uint8Array): void => {
          expected.set(id, [...(expected.get(id) ?? []), Buffer.from(bytes)]);
        };
        for (const { what, id, size } of list) {
          if (what === 'bytes') {
            const bytes = fillUp(Buffer.alloc(size));
            note(id, bytes);
            expect(side.ring.pushBytes(submission.write, id, bytes)).toBe(size);
            bytes.fill(255);
          } else if (what === 'shared') {
            note(id, shared);
            side.ring.pushBytes(submission.write, id, shared);
          } else if (what === 'text' || what === 'latin1') {
            const bytes = fillUp(Buffer.alloc(size));
            note(id, bytes);
            const encoding = what === 'text' ? 'utf8' : 'latin1';
            expect(side.ring.pushText(id, bytes.toString('latin1'), encoding)).toBe(size);
          } else if (what === 'received') {
            // The reactor fills a block that is free, and JavaScript writes it from there.
            const block = Array.from({ length: arenaBlocks }, (_, at) => at).find((at) =>
              side.mayFill(at),
            );
            if (block === undefined) continue;
            const bytes = fillUp(blockOf(side.arena, block).subarray(0, size));
            note(id, bytes);
            side.ring.pushBytes(
              submission.write,
              id,
              side.arena.view(block * arenaBlockBytes, bytes.length),
            );
            side.arena.done();
          } else if (what === 'record') {
            side.ring.push(submission.notify, 0, id, order.length, 0);
            order.push(order.length);
          } else if (what === 'publish') {
            side.ring.publish();
          } else if (what === 'take') {
            taken.push(...side.take(size));
          } else if (what === 'send') {
            side.send(size);
          } else if (what === 'trim') {
            side.ring.memory.trim();
          } else {
            shared[size] = next & 0xff;
            next += 1;
          }
        }
        do {
          side.ring.publish();
          taken.push(...side.take());
        } while (side.ring.hasWaiting);
        side.send(Infinity);
        const got = streams(taken);
        const want = new Map([...expected].map(([id, parts]) => [id, Buffer.concat(parts)]));
        expect([...got.keys()].sort()).toEqual([...want.keys()].sort());
        for (const [id, bytes] of want) expect(got.get(id)?.equals(bytes)).toBe(true);
        const notices = taken.filter(({ kind }) => kind === submission.notify);
        expect(notices.map(({ a }) => a)).toEqual(order);
        for (let block = 0; block < arenaBlocks; block += 1) {
          expect(side.mayFill(block)).toBe(true);
        }
        // All large payloads are back; blocks are kept only for what comes next.
        for (const bytes of side.lent.pieces.values()) expect(bytes).toHaveLength(1 << 18);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps no block for ever that has been taken long ago', () => {
    const side = new ReactorSide(64);
    const bytes = Buffer.alloc(SHARED_BYTES);
    const round = () => {
      for (let count = 0; count < 20; count += 1) side.ring.pushBytes(submission.write, 1, bytes);
      side.ring.publish();
      side.take();
    };
    round();
    side.ring.memory.trim();
    side.skip(0x7fffffff);
    for (let count = 0; count < 10; count += 1) {
      round();
      side.ring.memory.trim();
    }
    expect(side.lent.pieces.size).toBeLessThanOrEqual(6);
  });

  it.each([0x7fffffff - 5, -5])('counts on past 2^31 and 2^32 records, from %p on', (start) => {
    const side = new ReactorSide(4, start);
    const seen: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      for (let id = 1; id <= 3; id += 1) side.ring.push(submission.read, 0, round * 3 + id, 1, 0);
      side.ring.publish();
      seen.push(...side.take().map(({ id }) => id));
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });
});
