import { MarbleError } from './MarbleError';
import { type Mark, isSign, sign } from './Mark';
import { kindOf } from './kindOf';

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
  if (values !== undefined && (typeof values !== 'object' || !isTable(values))) {
    throw new MarbleError(`${what}: values must be an object, got ${kindOf(values)}`);
  }
  const table = values === undefined || Object.keys(values).length === 0 ? undefined : values;
  return marks.map((mark) => {
    const { frame, char = '' } = mark;
    if (isSign(mark)) return sign(frame, char);
    if (table === undefined) return { frame, char, value: of(char, char) };
    const value = table[char];
    if (value === undefined && Object.hasOwn(table, char)) {
      throw new MarbleError(`${what}: '${char}' is undefined in the table`);
    }
    if (value === undefined || !Object.hasOwn(table, char)) {
      const known = Object.keys(table).map((key) => `'${key}'`);
      throw new MarbleError(`${what}: '${char}' has no value, the table has ${known.join(', ')}`);
    }
    return { frame, char, value: of(value, char) };
  });
}

/** As `withValues`, for what no character can stand for: without a table there is no value. */
export function withTable<T, R>(
  what: string,
  marks: readonly Mark[],
  values: MarbleValues<T> | undefined,
  of: (value: T | string, char: string) => R,
): Mark<R>[] {
  const all = withValues(what, marks, values, (value, char) => ({ value, char }));
  const isEmpty = values === undefined || Object.keys(values).length === 0;
  return all.map((mark) => {
    const { frame, char = '', value } = mark;
    if (value === undefined) return sign(frame, char);
    if (isEmpty) throw new MarbleError(`${what}: '${char}' has no value, there is no table`);
    return { frame, char, value: of(value.value, value.char) };
  });
}

function isTable(values: object | null): boolean {
  return values !== null && !Array.isArray(values);
}
