/** How bytes are given to `next`: `{ chunk, after, refusals }`. `after` is called when it has returned. */
export const forms = {
  plain: (bytes) => ({ chunk: bytes }),
  /** The middle of a larger one. */
  slice(bytes) {
    const around = Buffer.alloc(bytes.length + 64, 0xaa);
    bytes.copy(around, 32);
    return { chunk: around.subarray(32, 32 + bytes.length) };
  },
  array: (bytes) => ({ chunk: new Uint8Array(bytes) }),
  text: (bytes) => ({ chunk: bytes.toString('latin1') }),
  reused: (bytes) => ({ chunk: bytes, after: () => bytes.fill(0xee) }),
  transferred(bytes) {
    const chunk = new Uint8Array(bytes);
    return {
      chunk,
      after: () => {
        const { buffer } = chunk;
        new Uint8Array(globalThis.structuredClone(buffer, { transfer: [buffer] })).fill(0xee);
      },
    };
  },
  resized: (bytes) => resizable(bytes, bytes.length),
  shrunk: (bytes) => resizable(bytes, bytes.length, bytes.length >> 1),
  /** Its length follows its buffer's. */
  tracking: (bytes) => resizable(bytes, undefined),
  shared(bytes) {
    const chunk = new Uint8Array(new SharedArrayBuffer(bytes.length));
    chunk.set(bytes);
    return { chunk, after: () => chunk.fill(0xee), refusals: [TypeError] };
  },
  longer: (bytes) => ({ chunk: lying(bytes, 'length', bytes.length + 6000) }),
  shorter: (bytes) => ({ chunk: lying(bytes, 'length', bytes.length >> 1) }),
  elsewhere: (bytes) => ({ chunk: lying(bytes, 'byteOffset', 4096) }),
  larger: (bytes) => ({ chunk: lying(bytes, 'byteLength', bytes.length * 2 + 1) }),
  foreign: (bytes) => ({ chunk: lying(bytes, 'buffer', new ArrayBuffer(bytes.length)) }),
  proxy: (bytes) => ({ chunk: new Proxy(bytes, {}), refusals: [TypeError], refused: true }),
  detached(bytes) {
    const chunk = new Uint8Array(bytes);
    globalThis.structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
    return { chunk, refusals: [TypeError], refused: true };
  },
};

function resizable(bytes, length, left = 0) {
  const buffer = new ArrayBuffer(bytes.length, { maxByteLength: bytes.length + 4096 });
  const chunk = new Uint8Array(buffer, 0, length);
  chunk.set(bytes);
  return { chunk, after: () => buffer.resize(left), refusals: [TypeError] };
}

function lying(bytes, name, value) {
  const chunk = new Uint8Array(bytes);
  Object.defineProperty(chunk, name, { value });
  return chunk;
}
