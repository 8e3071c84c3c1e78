import { types } from 'node:util';
import { byteLengthOf } from './bytes';
import type { CheckedChunk } from './Chunk';

// Taken once: looking a name up in that large module costs as much as the check.
const { isUint8Array } = types;

/* Called on a receiver below; taken from the prototypes, since an object may have its own. */
// eslint-disable-next-line @typescript-eslint/unbound-method
const { at } = Uint8Array.prototype;
const dataView = Object.getOwnPropertyDescriptors(DataView.prototype);
const typedArray = Object.getOwnPropertyDescriptors(
  Object.getPrototypeOf(Uint8Array.prototype) as NodeJS.TypedArray,
);

/** Any view as bytes, by what it is and not by what its properties say. */
function bytesOf(view: NodeJS.ArrayBufferView): Uint8Array {
  const isDataView = types.isDataView(view);
  // Those of a DataView throw by themselves.
  if (!isDataView) at.call(view as Uint8Array, 0);
  const getters = isDataView ? dataView : typedArray;
  const read = (name: 'buffer' | 'byteOffset' | 'byteLength'): unknown =>
    (getters[name].get as (this: unknown) => unknown).call(view);
  return new Uint8Array(
    read('buffer') as ArrayBufferLike,
    read('byteOffset') as number,
    read('byteLength') as number,
  );
}

/**
 * The bytes of a chunk: any typed array or DataView, of any realm. `instanceof` would refuse other
 * realms, and a proxy is none.
 *
 * @throws TypeError for what is no bytes, or has no memory
 */
export function checkBytes(chunk: unknown, what = 'a typed array or a DataView'): Uint8Array {
  // What has no memory any more has no length.
  if (isUint8Array(chunk) && byteLengthOf(chunk) > 0) return chunk;
  if (!types.isArrayBufferView(chunk)) {
    throw new TypeError(`a chunk must be ${what}, got ${typeof chunk}`);
  }
  try {
    return bytesOf(chunk);
  } catch {
    throw new TypeError('the memory of the chunk is detached, or is smaller than the chunk');
  }
}

/** As {@link checkBytes}, for what may be text as well. */
export function checkChunk(chunk: unknown): CheckedChunk {
  return typeof chunk === 'string'
    ? chunk
    : checkBytes(chunk, 'a typed array, a DataView or a string');
}
