import { SharedChild } from '../lifecycle/support/SharedChild';

const lie = (name: string, value: string) =>
  `Object.defineProperty(bytes, '${name}', { value: ${value}, configurable: true })`;

/** What `bytes`, a Buffer in a larger ArrayBuffer, says of itself. */
const lies: [name: string, say: string][] = [
  ['a length beyond its own', lie('length', 'size + 4000')],
  ['a length below its own', lie('length', '10')],
  ['a negative length', lie('length', '-5')],
  ['a length that is no number', lie('length', 'NaN')],
  ['a length with a fraction', lie('length', '10.5')],
  ['a length that is text', lie('length', '"600"')],
  ['a length of 4 GiB', lie('length', '2 ** 32')],
  ['another byteLength', lie('byteLength', 'size + 4000')],
  ['another byteOffset', lie('byteOffset', '0')],
  ['another buffer', lie('buffer', 'new ArrayBuffer(2 * size).fill?.(1) ?? new ArrayBuffer(9)')],
  [
    'another length each time',
    `let times = 0;
     Object.defineProperty(bytes, 'length', { get: () => (times++ % 2 ? 10 : size + 4000) })`,
  ],
  [
    'an error for a length',
    `Object.defineProperty(bytes, 'length', { get: () => { throw new TypeError('no length'); } })`,
  ],
  [
    'a length that a class of its own makes up',
    `Object.setPrototypeOf(bytes, class extends Uint8Array { get length() { return size + 4000; } }
      .prototype)`,
  ],
  ['nothing, for want of a prototype', 'Object.setPrototypeOf(bytes, null)'],
  [
    'other bytes to an iterator',
    'bytes[Symbol.iterator] = function* () { for (let i = 0; i < size; i += 1) yield 0x58; }',
  ],
  [
    'other methods',
    `for (const name of ['set', 'slice', 'subarray', 'copy', 'fill', 'write']) {
       bytes[name] = () => Buffer.alloc(size + 4000, 0x58);
     }`,
  ],
  [
    'another class to those who ask for its species',
    `bytes.constructor = { [Symbol.species]: class extends Uint8Array {
       constructor() { super(size + 4000); }
     } }`,
  ],
  ['itself behind a proxy', 'bytes = new Proxy(bytes, {})'],
  [
    'itself behind a proxy that lies',
    `bytes = new Proxy(bytes, { get: (target, name) =>
       name === 'length' ? size + 4000 : Reflect.get(target, name, target) })`,
  ],
  ['words', 'bytes = new Uint16Array(bytes.buffer, 0, size / 2)'],
  ['a DataView', 'bytes = new DataView(bytes.buffer, bytes.byteOffset, size)'],
  ['an ArrayBuffer', 'bytes = bytes.buffer'],
  [
    'nothing, having been detached',
    `bytes = Uint8Array.from(bytes); structuredClone(bytes.buffer, { transfer: [bytes.buffer] })`,
  ],
  [
    'nothing, being out of bounds of what was resized',
    `bytes = new Uint8Array(new ArrayBuffer(size, { maxByteLength: size }), 0, size);
     bytes.buffer.resize(1)`,
  ],
];

describe('memory: bytes that lie are taken for what they are, or refused whole', () => {
  const child = new SharedChild();

  it.each(lies)('%s', async (_name, say) => {
    const faulty = await child.run(
      `const { faultyWays } = require('./spec/memory/support/ways.cjs');
      const { pattern } = require('./spec/support/world.cjs');
      // All that the reader may see: the truth and what follows, or that alone.
      const attempt = (size) => async ({ write, read, conn }, world) => {
        const before = await world.pair();
        for (let count = 0; count < 200; count += 1) before.conn.next(Buffer.alloc(8000, 'secret'));
        const around = pattern(size + 128);
        let bytes = around.subarray(64, 64 + size);
        const view = bytes;
        ${say};
        const isView = ArrayBuffer.isView(bytes);
        // What is there by the engine's own account.
        const truth = isView && bytes.byteLength === 0 ? Buffer.alloc(0)
          : isView && !(bytes instanceof Uint8Array) && Object.getPrototypeOf(bytes) !== null
            ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
          : Buffer.from(around.buffer, around.byteOffset + 64, size);
        let refused;
        try { write(bytes); } catch (error) { refused = error; }
        if (refused !== undefined && !(refused instanceof TypeError)) return String(refused);
        write(Buffer.from('end!'));
        conn.complete();
        const received = (await read(1e6)).toString('latin1');
        const expected = refused === undefined ? truth.toString('latin1') : '';
        if (received === expected + 'end!') return 'right';
        return received.length + ' bytes' + (received.includes('secret') ? ', others too' : '');
      };
      const faulty = {};
      for (const size of [2000, 20_000]) faulty[size] = await faultyWays(attempt(size));
      return faulty;`,
    );
    expect(faulty).toEqual({ '2000': {}, '20000': {} });
  });
});
