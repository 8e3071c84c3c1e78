import { MarbleError } from './MarbleError';
import type { Mark } from './Mark';

/** What a kind of diagram may hold. */
export interface MarbleSyntax {
  /** Signs of this kind of diagram, as `'|#'`. */
  readonly signs: string;
  /** Signs behind which nothing may come. */
  readonly endings: string;
  /** Whether characters stand for values. */
  readonly values: boolean;
}

const TIME = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m)(?= |$)/;
/** What is meant for one, and would be characters. */
const WRONG_TIME = /^[0-9]+(\.[0-9]+)?( +ms| *(msec|secs?|mins?|MS|Ms))(?= |$)/;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000 } as const;
const SIGNS = '|#^!';

/**
 * Reads a marble diagram by the rules of RxJS's run mode: a character is a frame, spaces are none,
 * `(ab)` is one instant, ` 10ms ` is ten frames.
 *
 * @param what - the call that was given the diagram, for the message
 * @throws MarbleError that names the place
 */
export function parseMarbles(what: string, marbles: unknown, syntax: MarbleSyntax): Mark[] {
  if (typeof marbles !== 'string') {
    throw new MarbleError(`${what}: marbles must be a string, got ${typeof marbles}`);
  }
  const fail = (at: number, why: string): never => {
    throw new MarbleError(`${what}: ${why}\n\n  ${marbles}\n  ${' '.repeat(at)}^`);
  };
  const marks: Mark[] = [];
  let frame = 0;
  let group: { readonly at: number; readonly frame: number } | undefined;
  let ended = '';
  for (let at = 0; at < marbles.length;) {
    const char = String.fromCodePoint(marbles.codePointAt(at) ?? 0);
    const word = at === 0 || marbles[at - 1] === ' ' ? marbles.slice(at) : '';
    const time = TIME.exec(word);
    if (WRONG_TIME.test(word))
      fail(at, 'a time is written as 10ms, 1.5s or 2m, with a space on each side');
    if (time !== null) {
      if (group !== undefined) fail(at, 'no time passes within a group');
      frame += Number(time[1]) * UNIT_MS[time[2] as keyof typeof UNIT_MS];
      at += time[0].length;
      continue;
    }
    if (char === '(') {
      if (group !== undefined) fail(at, 'a group within a group');
      group = { at, frame };
    } else if (char === ')') {
      if (group === undefined) fail(at, 'a group ends that has not begun');
      group = undefined;
    } else if (char === '-') {
      if (group !== undefined) fail(at, 'no time passes within a group');
    } else if (char !== ' ') {
      if (ended !== '') fail(at, `nothing can come after '${ended}'`);
      const isSign = SIGNS.includes(char);
      if (isSign ? !syntax.signs.includes(char) : !syntax.values) {
        fail(at, `'${char}' has no meaning here, ${meaningOf(syntax)}`);
      }
      const now = group?.frame ?? frame;
      marks.push(isSign ? { frame: now, char } : { frame: now, char, value: undefined });
      if (syntax.endings.includes(char)) ended = char;
    }
    if (char !== ' ') frame += 1;
    at += char.length;
  }
  if (group !== undefined) fail(group.at, 'a group does not end');
  return marks;
}

function meaningOf({ signs, values }: MarbleSyntax): string {
  const known = Array.from(signs, (char) => `'${char}'`);
  return `only ${[...(values ? ['values'] : []), ...known].join(', ')} have`;
}
