import { MarbleError } from './MarbleError';
import { type Mark, isSign, sign } from './Mark';

/** What the characters of a diagram stand for. */
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
  return marks.map((mark) => {
    const { frame, char = '' } = mark;
    if (isSign(mark)) return sign(frame, char);
    if (values === undefined) return { frame, char, value: of(char, char) };
    const value = Object.hasOwn(values, char) ? values[char] : undefined;
    if (value === undefined) {
      const known = Object.keys(values).map((key) => `'${key}'`);
      const table = known.length === 0 ? 'the table is empty' : `the table has ${known.join(', ')}`;
      throw new MarbleError(`${what}: '${char}' has no value, ${table}`);
    }
    return { frame, char, value: of(value, char) };
  });
}
