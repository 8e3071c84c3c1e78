import { isUtf8 } from 'node:buffer';
import { MarbleError } from './MarbleError';
import { kindOf } from './kindOf';

/** Bytes as a test may write them: text in the connection's encoding, or bytes. */
export type Bytes = string | Uint8Array;

const MOST_SHOWN = 48;

/**
 * @param what - what is to be bytes, for the message
 */
export function toBytes(what: string, value: unknown, encoding: BufferEncoding): Buffer {
  if (typeof value === 'string') return Buffer.from(value, encoding);
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  throw new MarbleError(`${what} must be a string or a Uint8Array, got ${kindOf(value)}`);
}

/** Whether bytes are text that can be printed. */
export function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !/[^\P{C}\t\r\n]/u.test(bytes.toString());
}

/** Bytes in a message: quoted text where it is text, hexadecimal otherwise. */
export function describeBytes(bytes: Buffer): string {
  const text = isText(bytes);
  const all = text ? bytes.toString() : bytes.toString('hex');
  const shown = all.length > MOST_SHOWN ? `${all.slice(0, MOST_SHOWN)}…` : all;
  const size = all.length > MOST_SHOWN ? ` (${String(bytes.length)} bytes)` : '';
  return (text ? JSON.stringify(shown) : `<${shown}>`) + size;
}
