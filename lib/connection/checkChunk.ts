import { types } from 'node:util';

// Taken once: looking a name up in that large module costs as much as the check.
const { isUint8Array } = types;

/** `instanceof` would refuse the bytes of another realm. @throws TypeError */
export function checkBytes(chunk: unknown): void {
  if (isUint8Array(chunk)) return;
  throw new TypeError(`a chunk must be a Uint8Array, got ${typeof chunk}`);
}

/** @throws TypeError for what is neither bytes nor text */
export function checkChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || isUint8Array(chunk)) return;
  throw new TypeError(`a chunk must be a Uint8Array or a string, got ${typeof chunk}`);
}
