/**
 * Methods of bytes for the path of every chunk and frame, taken from their prototypes once:
 * `Buffer.prototype` is a dictionary, where looking a method up costs as much as calling it.
 */
// Each is called on a receiver below.
/* eslint-disable @typescript-eslint/unbound-method */
const { indexOf, subarray } = Buffer.prototype as Buffer;
const { set } = Uint8Array.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

/** As `bytes.indexOf(value, from)`. */
export function findBytes(bytes: Buffer, value: number | Buffer, from: number): number {
  return (indexOf as (value: number | Buffer, from: number) => number).call(bytes, value, from);
}

/** As `bytes.subarray(from, to)`. */
export function viewBytes(bytes: Buffer, from: number, to: number): Buffer {
  return subarray.call(bytes, from, to);
}

/** As `into.set(bytes, offset)`. */
export function copyBytes(bytes: Uint8Array, into: Uint8Array, offset: number): void {
  set.call(into, bytes, offset);
}
