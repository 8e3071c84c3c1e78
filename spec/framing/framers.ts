import type { OperatorFunction } from 'rxjs';
import { delimited } from '../../lib/framing/delimited';
import { frames } from '../../lib/framing/frames';
import { fixedLength } from '../../lib/framing/fixedLength';
import { lengthPrefixed } from '../../lib/framing/lengthPrefixed';
import { lines } from '../../lib/framing/lines';

/** A framing operator with an input for it: `input` is exactly `frames`. */
export interface FramerCase {
  readonly name: string;
  readonly create: () => OperatorFunction<Uint8Array, string | Buffer>;
  /** The bytes of each frame, with what surrounds it. */
  readonly input: readonly Buffer[];
  readonly frames: readonly string[];
}

const words = ['alpha', 'be', 'gamma-gamma-gamma', 'd', 'epsilon', 'zeta-é-€', 'eta', 'theta'];

function terminatedBy(end: string): Buffer[] {
  return words.map((word) => Buffer.from(word + end));
}

export const framers: readonly FramerCase[] = [
  {
    name: 'lines as utf8',
    create: () => lines(),
    input: terminatedBy('\r\n'),
    frames: words,
  },
  {
    name: 'lines as latin1',
    create: () => lines({ encoding: 'latin1', eol: 'lf' }),
    input: terminatedBy('\n'),
    frames: words.map((word) => Buffer.from(word).toString('latin1')),
  },
  {
    name: 'lines as buffer',
    create: () => lines({ encoding: 'buffer', eol: 'crlfStrict' }),
    input: terminatedBy('\r\n'),
    frames: words,
  },
  {
    name: 'delimited',
    create: () => delimited('--'),
    input: words.map((word) => Buffer.from(`${word.replaceAll('-', '_')}--`)),
    frames: words.map((word) => word.replaceAll('-', '_')),
  },
  {
    name: 'lengthPrefixed',
    create: () => lengthPrefixed({ prefixBytes: 2 }),
    input: words.map((word) => {
      const bytes = Buffer.from(word);
      return Buffer.concat([Buffer.of(0, bytes.length), bytes]);
    }),
    frames: words,
  },
  {
    name: 'frames of a parser',
    create: () =>
      frames((bytes: Buffer) => {
        const end = bytes.indexOf(';');
        return end < 0 ? undefined : [bytes.subarray(0, end), end + 1];
      }),
    input: terminatedBy(';'),
    frames: words,
  },
  {
    name: 'fixedLength',
    create: () => fixedLength(3),
    input: ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqr', 'stu', 'vwx'].map((text) =>
      Buffer.from(text),
    ),
    frames: ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqr', 'stu', 'vwx'],
  },
];
