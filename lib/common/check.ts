/** Checks of options: misuse throws at the call, with the option's name, its bound and its unit. */

export function received(value: unknown): string {
  return typeof value === 'number' ? String(value) : typeof value;
}

function number(name: string, value: unknown, of = ''): number {
  if (typeof value === 'number') return value;
  throw new TypeError(`${name} must be a number${of}, got ${received(value)}`);
}

export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`${name} must be an object, got ${value === null ? 'null' : typeof value}`);
  }
}

/**
 * A config with options of these names and no others.
 *
 * @throws TypeError naming the option, and the one that may be meant
 */
export function checkOptions(
  name: string,
  config: unknown,
  known: Readonly<Record<string, unknown>>,
): void {
  checkObject(name, config);
  for (const option of Object.keys(config as object)) {
    if (Object.hasOwn(known, option)) continue;
    const meant = Object.keys(known).find((other) => differByOne(option, other));
    const hint = meant === undefined ? '' : `, did you mean '${meant}'?`;
    throw new TypeError(`${name} has an unknown option '${option}'${hint}`);
  }
}

/** Whether two names differ in case only, by one character, or by two that are swapped. */
function differByOne(one: string, other: string): boolean {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  const most = Math.max(a.length, b.length);
  let same = 0;
  while (same < most && a[same] === b[same]) same += 1;
  const [restA, restB] = [a.slice(same), b.slice(same)];
  const swapped = (restA[1] ?? '') + (restA[0] ?? '') + restA.slice(2);
  return (
    restA.slice(1) === restB.slice(1) ||
    restA.slice(1) === restB ||
    restA === restB.slice(1) ||
    swapped === restB
  );
}

/**
 * @param unit - `'bytes'`, `'ms'` …, for the message
 */
export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  most: number,
  unit: string,
): number {
  const whole = number(name, value, ` of ${unit}`);
  if (Number.isInteger(whole) && whole >= least && whole <= most) return whole;
  throw new RangeError(
    `${name} must be a whole number of ${unit} from ${String(least)} to ${String(most)}, got ${String(whole)}`,
  );
}

/** @param least - 0, or -1 where there may be none */
export function checkDescriptor(fd: unknown, least: 0 | -1): number {
  return checkInteger('fd', fd, least, 2 ** 31 - 1, 'descriptors');
}

/**
 * @param unit - `'ms'` …, for the message
 */
export function checkNumber(
  name: string,
  value: unknown,
  least: number,
  most: number,
  unit: string,
): number {
  const any = number(name, value, ` of ${unit}`);
  if (any >= least && any <= most) return any;
  throw new RangeError(
    `${name} must be from ${String(least)} to ${String(most)} ${unit}, got ${String(any)}`,
  );
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${name} must be true or false, got ${received(value)}`);
  }
  return value;
}

export function checkString(name: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw new TypeError(`${name} must be a string, got ${received(value)}`);
  }
  return value;
}

export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') {
    throw new TypeError(`${name} must be a function, got ${received(value)}`);
  }
}

/** At least 1, or no limit at all. */
export function checkCount(name: string, value: unknown): number {
  const count = number(name, value);
  if (count >= 1 && (Number.isSafeInteger(count) || count === Infinity)) return count;
  throw new RangeError(`${name} must be a whole number of at least 1, got ${String(count)}`);
}

export function checkOneOf<T extends string | number | boolean>(
  name: string,
  value: unknown,
  choices: readonly T[],
): T {
  const choice = choices.find((known) => known === value);
  if (choice === undefined) {
    const list = choices.map((known) => (typeof known === 'string' ? `'${known}'` : known));
    throw new TypeError(`${name} must be one of ${list.join(', ')}, got ${String(value)}`);
  }
  return choice;
}
