import { SharedChild } from '../lifecycle/support/SharedChild';

/** What a program may do with its memory once `next` has returned. */
const cases: [name: string, make: string, after: string][] = [
  ['overwritten', 'bytes = Buffer.from(data)', 'bytes.fill(0x58)'],
  [
    'transferred to somebody who writes to it',
    'bytes = Uint8Array.from(data)',
    'new Uint8Array(structuredClone(bytes.buffer, { transfer: [bytes.buffer] })).fill(0x58)',
  ],
  [
    'transferred and collected',
    'bytes = Uint8Array.from(data)',
    `structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
     gc();
     kept.push(new Uint8Array(size).fill(0x58))`,
  ],
  [
    'resized to nothing, seen by a view that tracks the length',
    'bytes = new Uint8Array(new ArrayBuffer(size, { maxByteLength: 2 * size })); bytes.set(data)',
    'bytes.buffer.resize(0)',
  ],
  [
    'resized to nothing and back, seen by a view of a fixed length',
    `bytes = new Uint8Array(new ArrayBuffer(size, { maxByteLength: 2 * size }), 0, size);
     bytes.set(data)`,
    'bytes.buffer.resize(0); bytes.buffer.resize(size)',
  ],
  [
    'shared with another thread, and overwritten',
    'bytes = new Uint8Array(new SharedArrayBuffer(size)); bytes.set(data)',
    'bytes.fill(0x58)',
  ],
  [
    'shared, grown and overwritten',
    `bytes = new Uint8Array(new SharedArrayBuffer(size, { maxByteLength: 2 * size }));
     bytes.set(data)`,
    'bytes.buffer.grow(2 * size); bytes.fill(0x58)',
  ],
  [
    'of another realm, and overwritten',
    'bytes = require("node:vm").runInNewContext("new Uint8Array(" + size + ")"); bytes.set(data)',
    'bytes.fill(0x58)',
  ],
  [
    'of a class derived from Uint8Array, and overwritten',
    'bytes = new (class Mine extends Uint8Array {})(data)',
    'bytes.fill(0x58)',
  ],
  [
    'a part of a larger buffer, and overwritten with what surrounds it',
    'bytes = Buffer.concat([Buffer.alloc(64, 0x58), data, Buffer.alloc(64, 0x58)]).subarray(64, -64)',
    'new Uint8Array(bytes.buffer).fill(0x58)',
  ],
];

describe('memory: bytes are taken when next returns', () => {
  const child = new SharedChild({ nodeArgs: ['--expose-gc'] });

  it.each(cases)('%s', async (_name, make, after) => {
    const faulty = await child.run(
      `const { faultyWays } = require('./spec/memory/support/ways.cjs');
      const { pattern } = require('./spec/support/world.cjs');
      const kept = [];
      const attempt = (size) => async ({ write, read, conn }) => {
        const data = pattern(size);
        let bytes;
        ${make};
        write(bytes);
        ${after};
        // Where the output fails, that is the answer.
        const failed = new Promise((resolve) => conn.events.subscribe((event) => {
          if (event.type === 'error' || event.type === 'closed') resolve('failed');
        }));
        const received = await Promise.race([read(size), failed]);
        if (received === 'failed') return received;
        return received.equals(data) ? 'right' : received.length + ' bytes, not the same';
      };
      const faulty = {};
      for (const size of [100, 20_000, 300_000]) faulty[size] = await faultyWays(attempt(size));
      return faulty;`,
    );
    expect(faulty).toEqual({ '100': {}, '20000': {}, '300000': {} });
  });
});
