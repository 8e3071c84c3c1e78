import { isUtf8 } from 'node:buffer';
import { MarbleError } from './MarbleError';
import { kindOf } from './kindOf';

/** Bytes as a test may write them: text in the connection's encoding, or bytes. */
export type Bytes = string | Uint8Array;

/** Characters of an excerpt, and how many of them stand in front of what it is about. */
const MOST_SHOWN = 48;
const SHOWN_BEFORE = 16;

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

/** The first byte in which two differ, or the length of the shorter one. */
export function differsAt(one: Buffer, other: Buffer): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return at;
}

/**
 * Bytes in a message: quoted text where it is text, hexadecimal otherwise; of many an excerpt.
 *
 * @param at - a byte that the excerpt shows
 */
export function describeBytes(bytes: Buffer, at = 0): string {
  const text = isText(bytes);
  const shown = (part: Buffer): string =>
    text ? JSON.stringify(part.toString()).slice(1, -1) : part.toString('hex');
  const quoted = (inner: string): string => (text ? `"${inner}"` : `<${inner}>`);
  const most = text ? MOST_SHOWN : MOST_SHOWN / 2;
  if (bytes.length <= most) return quoted(shown(bytes));
  const begin = boundary(
    bytes,
    Math.max(0, Math.min(at - SHOWN_BEFORE, bytes.length - most)),
    text,
  );
  const end = boundary(bytes, begin + most, text);
  const inner = `${begin > 0 ? '…' : ''}${shown(bytes.subarray(begin, end))}${end < bytes.length ? '…' : ''}`;
  const from = begin > 0 ? `, from byte ${String(begin)}` : '';
  return `${quoted(inner)} (${String(bytes.length)} bytes${from})`;
}

/** Where a character begins, at a place or in front of it. */
function boundary(bytes: Buffer, place: number, isText: boolean): number {
  let at = place;
  while (isText && at < bytes.length && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
  return at;
}
