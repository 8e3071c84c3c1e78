import { kindOf } from './kindOf';

const MOST = 2n ** 64n - 1n;
const TEXT = /^(0x)?[0-9a-f]{1,16}$/i;

/**
 * A seed as it may be written: a bigint, a whole number, or hexadecimal digits.
 *
 * @throws TypeError for what is none, RangeError for what has no 64 bits
 */
export function seedOf(value: unknown, name = 'seed'): bigint {
  if (typeof value === 'string') {
    if (TEXT.test(value)) return BigInt(`0x${value.replace(/^0x/i, '')}`);
    throw new TypeError(`${name} must have 1 to 16 hexadecimal digits, got '${value}'`);
  }
  if (typeof value !== 'bigint' && typeof value !== 'number') {
    const kinds = 'a bigint, a whole number or hexadecimal digits';
    throw new TypeError(`${name} must be ${kinds}, got ${kindOf(value)}`);
  }
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value);
  if (isWhole && value >= 0 && value <= MOST) return BigInt(value);
  throw new RangeError(`${name} must be a whole number of 64 bits, got ${String(value)}`);
}

/** A seed as messages show it, and as it can be given again. */
export function seedText(seed: bigint): string {
  return `0x${seed.toString(16)}`;
}
