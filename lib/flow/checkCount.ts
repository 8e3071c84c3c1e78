/**
 * Checks an option that counts things.
 *
 * @throws TypeError when it is not a number
 * @throws RangeError when it is not a whole number of at least 1
 */
export function checkCount(name: string, count: number): void {
  if (typeof count !== 'number') {
    throw new TypeError(`${name} must be a number, got ${typeof count}`);
  }
  if (count < 1 || !(Number.isSafeInteger(count) || count === Infinity)) {
    throw new RangeError(`${name} must be a whole number of at least 1, got ${String(count)}`);
  }
}
