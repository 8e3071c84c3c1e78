/** One thing in a marble diagram: a value, or a sign such as `|`, `#`, `^` or `!`. */
export interface Mark<T = unknown> {
  readonly frame: number;
  /** The character it was written as; absent where nobody has written it. */
  readonly char: string | undefined;
  /** Absent for a sign. */
  readonly value?: T;
}

export function sign(frame: number, char: string): Mark<never> {
  return { frame, char };
}

export function isSign(mark: Mark): boolean {
  return !('value' in mark);
}
