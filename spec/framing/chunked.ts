import * as fc from 'fast-check';

/** Cuts bytes at the given places, in any order, repeated ones included. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const chunks: Buffer[] = [];
  let from = 0;
  for (const to of [...sorted, bytes.length]) {
    // A copy with a guard on both sides: who reads beyond a chunk reads something wrong.
    const guarded = Buffer.alloc(to - from + 2, '\n');
    bytes.copy(guarded, 1, from, to);
    chunks.push(guarded.subarray(1, 1 + to - from));
    from = to;
  }
  return chunks;
}

/** Every way to cut: often in a few places, sometimes into single bytes. */
export const places: fc.Arbitrary<number[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.nat(400), { maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constant(Array.from({ length: 400 }, (_, index) => index)) },
);

/** Bytes in which terminators, and parts of them, are frequent. */
export function arbitraryBytes(alphabet: readonly (string | Uint8Array)[]): fc.Arbitrary<Buffer> {
  return fc
    .array(fc.constantFrom(...alphabet), { maxLength: 60 })
    .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part))));
}
