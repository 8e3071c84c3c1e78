import { types } from 'node:util';

/** `instanceof` would refuse the bytes of another realm. @throws TypeError */
export function checkBytes(chunk: unknown): void {
  if (types.isUint8Array(chunk)) return;
  throw new TypeError(`a chunk must be a Uint8Array, got ${typeof chunk}`);
}

/** @throws TypeError for what is neither bytes nor text */
export function checkChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || types.isUint8Array(chunk)) return;
  throw new TypeError(`a chunk must be a Uint8Array or a string, got ${typeof chunk}`);
}
