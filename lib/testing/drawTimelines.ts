import { type Mark, isSign } from './Mark';
import { drawRows, gap, token } from './drawRows';

const LETTERS = Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');

/** How the values of two timelines are compared and shown. */
export interface MarkRules<T> {
  readonly same: (one: T, other: T) => boolean;
  /** @param other - the one that it differs from: what is long is shown where they do */
  readonly describe: (value: T, other?: T) => string;
}

/**
 * What two timelines have to have in common. A number: each mark, at most this many frames off. Order: each mark, at
 * any frame. Any order: the same marks.
 */
export type Timing = number | 'order' | 'anyOrder';

/** A mark that one timeline has and the other has not: the place in both. */
export interface Difference {
  readonly expected: number;
  readonly actual: number;
}

/** The first mark in which two timelines differ. */
export function firstDifference<T>(
  expected: readonly Mark<T>[],
  actual: readonly Mark<T>[],
  rules: MarkRules<T>,
  timing: Timing,
): Difference | undefined {
  if (timing === 'anyOrder') return firstUnmatched(expected, actual, rules);
  for (let index = 0; index < Math.max(expected.length, actual.length); index += 1) {
    const one = expected[index];
    const other = actual[index];
    const isSame = one !== undefined && other !== undefined && sameMark(one, other, rules);
    const isNear = typeof timing !== 'number' || Math.abs(frameOf(one) - frameOf(other)) <= timing;
    if (!isSame || !isNear) return { expected: index, actual: index };
  }
  return undefined;
}

function frameOf(mark: Mark | undefined): number {
  return mark?.frame ?? Infinity;
}

function sameMark<T>(one: Mark<T>, other: Mark<T>, { same }: MarkRules<T>): boolean {
  if (isSign(one) || isSign(other)) {
    return isSign(one) && isSign(other) && one.char === other.char;
  }
  return same(one.value as T, other.value as T);
}

function firstUnmatched<T>(
  expected: readonly Mark<T>[],
  actual: readonly Mark<T>[],
  rules: MarkRules<T>,
): Difference | undefined {
  const left = new Set(actual);
  for (const [index, mark] of expected.entries()) {
    const match = [...left].find((other) => sameMark(mark, other, rules));
    if (match === undefined) return { expected: index, actual: actual.length };
    left.delete(match);
  }
  const [extra] = left;
  if (extra === undefined) return undefined;
  return { expected: expected.length, actual: actual.indexOf(extra) };
}

/** Letters for values: those that the test has used, then whatever is left. */
class Legend<T> {
  private readonly entries: { readonly letter: string; readonly value: T }[] = [];

  constructor(
    private readonly rules: MarkRules<T>,
    private readonly reserved: string,
  ) {}

  charOf(mark: Mark<T>): string {
    if (isSign(mark)) return mark.char ?? '?';
    const value = mark.value as T;
    const known = this.entries.find((entry) => this.rules.same(entry.value, value));
    if (known !== undefined) return known.letter;
    // An error is one in both timelines, whichever it is.
    if (mark.char === '#') {
      this.entries.push({ letter: '#', value });
      return '#';
    }
    const taken = this.reserved + this.entries.map(({ letter }) => letter).join('');
    const own = this.entries.some(({ letter }) => letter === mark.char) ? undefined : mark.char;
    const letter = own ?? LETTERS.find((free) => !taken.includes(free)) ?? '?';
    this.entries.push({ letter, value });
    return letter;
  }

  /** @param differing - the values at the place where the timelines differ */
  lines(differing: readonly T[]): string[] {
    const { same, describe } = this.rules;
    return this.entries.map(({ letter, value }) => {
      const isOne = differing.some((each) => same(each, value));
      const other = isOne ? differing.find((each) => !same(each, value)) : undefined;
      return `  ${letter}  ${describe(value, other)}`;
    });
  }
}

/** The characters of one timeline at each of its frames. */
function byFrame<T>(marks: readonly Mark<T>[], legend: Legend<T>): Map<number, string> {
  const chars = new Map<number, string>();
  for (const mark of marks) {
    chars.set(mark.frame, (chars.get(mark.frame) ?? '') + legend.charOf(mark));
  }
  return chars;
}

/** One timeline as a marble diagram, with what its letters stand for. */
export function drawTimeline<T>(
  marks: readonly Mark<T>[],
  rules: MarkRules<T>,
): {
  marbles: string;
  legend: string[];
} {
  const legend = new Legend(rules, '');
  let marbles = '';
  let next = 0;
  for (const [frame, chars] of byFrame(marks, legend)) {
    const drawn = token(chars);
    marbles += gap(Math.max(frame - next, 0)) + drawn;
    // A group takes as many frames as it has characters.
    next = frame + drawn.length;
  }
  return { marbles, legend: legend.lines([]) };
}

/**
 * Two timelines as marbles, one below the other, frame below frame, with a caret under the first
 * mark in which they differ and what the letters stand for.
 */
export function drawTimelines<T>(
  expected: readonly Mark<T>[],
  actual: readonly Mark<T>[],
  place: Difference,
  rules: MarkRules<T>,
): string {
  const legend = new Legend(rules, expected.map(({ char }) => char ?? '').join(''));
  const expectedChars = byFrame(expected, legend);
  const actualChars = byFrame(actual, legend);
  const [one, other] = [expected[place.expected], actual[place.actual]];
  const differing = Math.min(frameOf(one), frameOf(other));
  let caret = 0;
  const rows = [
    { label: 'expected', chars: expectedChars },
    { label: 'actual', chars: actualChars },
  ];
  const lines = drawRows(rows, (frame, at, [should = '', is = '']) => {
    if (frame !== differing) return;
    const isGroup = Math.max(should.length, is.length) > 1;
    caret = at + (isGroup ? differingChar(should, is) : 0);
  });
  const values = [one, other].flatMap((mark) => (mark && !isSign(mark) ? [mark.value as T] : []));
  return [...lines, `            ${' '.repeat(caret)}^`, ...legend.lines(values)].join('\n');
}

function differingChar(one: string, other: string): number {
  let at = 0;
  while (at < one.length - 1 && one[at] === other[at]) at += 1;
  return at;
}
