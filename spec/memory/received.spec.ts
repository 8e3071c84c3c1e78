import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { firstValueFrom } from 'rxjs';
import { Meeting } from '../connection/support/Meeting';
import { record, type Recording } from '../support/record';
import { SharedChild } from '../lifecycle/support/SharedChild';

describe('memory: a chunk that is emitted owns its memory', () => {
  let meeting: Meeting;
  beforeEach(async () => {
    meeting = await Meeting.open();
  });
  afterEach(() => meeting.close());

  /** The chunks of several connections, each of which has been sent a letter of its own. */
  async function chunksOf(bytes: number, connections = 3): Promise<Buffer[]> {
    const records: Recording<Buffer>[] = [];
    for (let index = 0; index < connections; index += 1) {
      const { connection, peer } = await meeting.meet();
      records.push(record(connection));
      peer.write(Buffer.alloc(bytes, 0x41 + index));
    }
    await Promise.all(records.map((one) => one.reach(bytes)));
    return records.flatMap(({ values }) => values);
  }

  it.each([1, 3, 1000, 4096])('and a small one, of %i bytes, nothing else', async (bytes) => {
    for (const chunk of await chunksOf(bytes)) {
      expect(chunk.buffer.byteLength).toBe(chunk.byteLength);
    }
  });

  it.each([20_000, 60_000])('and of %i bytes, no byte of another connection', async (bytes) => {
    for (const chunk of await chunksOf(bytes)) {
      const foreign = Buffer.from(chunk.buffer).filter(
        (byte) => byte >= 0x41 && byte <= 0x43 && byte !== chunk[0],
      );
      expect(foreign.length).toBe(0);
    }
  });

  it('so a message clones its bytes and no others', async () => {
    const [chunk] = await chunksOf(3, 1);
    const { port1, port2 } = new MessageChannel();
    port1.postMessage(chunk);
    const [clone] = (await once(port2, 'message')) as [Uint8Array];
    port1.close();
    expect(clone.buffer.byteLength).toBe(3);
    expect(structuredClone(chunk!).buffer.byteLength).toBe(3);
  });

  it('so writing all over it changes nothing of anybody', async () => {
    const chunks = await chunksOf(1000);
    const before = chunks.map((chunk) => chunk.toString('latin1'));
    chunks.forEach((chunk, index) => {
      new Uint8Array(chunk.buffer).fill(0x58);
      for (const later of chunks.slice(index + 1)) {
        expect(later.toString('latin1')).toBe(before[chunks.indexOf(later)]);
      }
    });
  });

  it('and so does one that has waited while nobody read', async () => {
    const { connection, peer } = await meeting.meet();
    const release = connection.hold();
    const first = record(connection);
    peer.write('abc');
    release();
    await first.reach(3);
    expect(first.values[0]!.buffer.byteLength).toBe(3);
  });

  it('and what is given back by unread, too', async () => {
    const { connection, peer } = await meeting.meet();
    peer.write('abcdef');
    const chunk = await firstValueFrom(connection);
    connection.unread(chunk);
    chunk.fill('x');
    const again = record(connection);
    await again.reach(6);
    expect(again.text).toBe('abcdef');
  });

  it('and unread takes bytes that lie for what they are, or refuses them', async () => {
    const { connection, peer } = await meeting.meet();
    peer.write('abcdef');
    const chunk = await firstValueFrom(connection);
    const bytes = Buffer.concat([Buffer.alloc(64, 'x'), chunk, Buffer.alloc(64, 'y')]).subarray(
      64,
      70,
    );
    Object.defineProperty(bytes, 'byteLength', { value: 20 });
    Object.defineProperty(bytes, 'byteOffset', { value: bytes.byteOffset - 4 });
    try {
      connection.unread(bytes);
    } catch (error) {
      expect((error as Error).name).toBe('TypeError');
      connection.unread(chunk);
    }
    const again = record(connection);
    peer.end('!');
    await again.ended;
    expect(again.text).toBe('abcdef!');
  });
});

describe('memory: taking a chunk away takes it from nobody', () => {
  /** Each disposes of a chunk in a way that detaches its memory, and has its bytes. */
  const takers: [name: string, take: string][] = [
    [
      'by a transfer',
      `(chunk) => {
        const moved = structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
        new Uint8Array(moved).fill(0x58);
        // Frames may stand in a pool, which nobody can have.
        if (operator === identity || operator === limited) own &&= chunk.byteLength === 0;
      }`,
    ],
    [
      'by a stream of bytes',
      `(() => {
        let controller;
        const stream = new ReadableStream({ type: 'bytes', start: (own) => void (controller = own) });
        stream.pipeTo(new WritableStream());
        return (chunk) => controller.enqueue(chunk);
      })()`,
    ],
  ];

  /** How chunks come about: operators on a connection, and what makes a packet of a text. */
  const sources: [name: string, operator: string, packet: string][] = [
    ['chunks', 'identity', '(text) => Buffer.from(text)'],
    ['chunks of a rate-limited connection', 'limited', '(text) => Buffer.from(text)'],
    [
      'frames of lengthPrefixed',
      'lengthPrefixed()',
      '(text) => Buffer.concat([Buffer.from([0, 0, 0, text.length]), Buffer.from(text)])',
    ],
    ['frames of fixedLength', 'fixedLength(6)', '(text) => Buffer.from(text)'],
    ['frames of delimited', 'delimited("|")', '(text) => Buffer.from(text + "|")'],
  ];

  const child = new SharedChild({ nodeArgs: ['--expose-gc'] });

  describe.each(takers)('%s', (_name, take) => {
    it.each(sources)('%s', async (_source, operator, packet) => {
      const result = await child.run(
        `const { identity } = require('rxjs');
        const { delimited, fixedLength, lengthPrefixed } = require('rxjs-libevent');
        const { World } = require('./spec/support/world.cjs');
        const limited = 'limited';
        const world = await World.open();
        const packet = ${packet};
        const ends = [await world.pair(), await world.pair(), await world.pair()];
        const received = ends.map(() => '');
        const operator = ${operator};
        let own = true;
        ends.forEach(({ conn }, index) => {
          const take = index === 2 ? () => {} : ${take};
          if (operator === limited) conn.socket.setRateLimit({ readBytesPerSecond: 1e8 });
          const source = operator === limited ? conn : conn.pipe(operator);
          source.subscribe((chunk) => {
            received[index] += Buffer.from(chunk).toString();
            take(chunk);
          });
        });
        const expected = ends.map(() => '');
        for (let round = 0; round < 20; round += 1) {
          ends.forEach(({ peer }, index) => {
            const texts = [0, 1].map((part) => 'abc'[index] + part + String(1000 + round));
            expected[index] += texts.join('');
            peer.write(Buffer.concat(texts.map(packet)));
          });
          await world.rounds(3);
          gc();
        }
        await world.rounds();
        await world.close();
        return [own, ...received.map((text, index) => text === expected[index])];`,
      );
      expect(result).toEqual([true, true, true, true]);
    });
  });
});
