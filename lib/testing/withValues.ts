import { MarbleError } from './MarbleError';
import { type Mark, isSign, sign } from './Mark';

/** What the characters of a diagram stand for. An empty table counts as none. */
export type MarbleValues<T> = Readonly<Record<string, T>>;

/**
 * Gives the marks of a diagram their values: those of the table, or without a table the characters
 * themselves.
 *
 * @throws MarbleError that names a character without a value
 */
export function withValues<T, R>(
  what: string,
  marks: readonly Mark[],
  values: MarbleValues<T> | undefined,
  of: (value: T | string, char: string) => R,
): Mark<R>[] {
  if (values !== undefined && (typeof values !== 'object' || (values as unknown) === null)) {
    throw new MarbleError(`${what}: values must be an object, got ${typeof values}`);
  }
  const table = values === undefined || Object.keys(values).length === 0 ? undefined : values;
  return marks.map((mark) => {
    const { frame, char = '' } = mark;
    if (isSign(mark)) return sign(frame, char);
    if (table === undefined) return { frame, char, value: of(char, char) };
    const value = Object.hasOwn(table, char) ? table[char] : undefined;
    if (value === undefined) {
      const known = Object.keys(table).map((key) => `'${key}'`);
      throw new MarbleError(`${what}: '${char}' has no value, the table has ${known.join(', ')}`);
    }
    return { frame, char, value: of(value, char) };
  });
}
