/** The largest `maxLength`, in bytes: what fits into one string with room to spare. */
export const MAX_FRAME_BYTES = 2 ** 28;

/**
 * Checks an option that counts bytes.
 *
 * @param name - the option, as the user has written it
 * @throws TypeError when it is not a number
 * @throws RangeError when it is fractional, NaN or out of bounds
 */
export function checkBytes(name: string, value: number, least: number, most: number): number {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number of bytes, got ${typeof value}`);
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `${name} must be a whole number of bytes from ${String(least)} to ${String(most)}, got ${String(value)}`,
    );
  }
  return value;
}

/**
 * Checks an option that is one of several words or numbers.
 *
 * @throws TypeError when it is none of them
 */
export function checkChoice<T extends string | number | boolean>(
  name: string,
  value: T,
  choices: readonly T[],
): T {
  if (!choices.includes(value)) {
    const known = choices.map((choice) => JSON.stringify(choice)).join(', ');
    throw new TypeError(`${name} must be one of ${known}, got ${String(value)}`);
  }
  return value;
}

/**
 * Checks that options are an object.
 *
 * @throws TypeError when they are not
 */
export function checkConfig(name: string, config: object): void {
  if (typeof config !== 'object' || (config as unknown) === null) {
    throw new TypeError(`${name}: config must be an object`);
  }
}
