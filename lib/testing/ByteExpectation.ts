import { checkedOptions, type OptionTable, option } from '../common/options';
import { Expectation, type ExpectationKind } from './Expectation';
import type { Fail } from './MarbleError';
import type { Mark } from './Mark';
import type { Peer } from './Peer';
import type { Rig } from './Rig';
import { type Bytes, describeBytes, differsAt, toBytes } from './bytes';
import { coalesced } from './coalesced';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withValues } from './withValues';

/** Options of an expectation of bytes. */
export interface BytesConfig {
  /** Whether bytes of one frame are one value, whatever pieces they came in. Default: true. */
  readonly coalesced?: boolean;
}

/** Options of {@link ByteExpectation.toAddUpTo}. */
export interface SumConfig {
  /**
   * How what the peer gets ends: with FIN, with RST, or not before the test does. Default: `'fin'`. No
   * matter for what is written.
   */
  readonly end?: 'fin' | 'rst' | 'none';
}

const SUM_OPTIONS = { end: option.oneOf(['fin', 'rst', 'none']) } satisfies OptionTable<SumConfig>;
const ENDS = { fin: 'FIN', rst: 'RST', none: 'no end' };

const OPTIONS = { coalesced: option.flag(true) } satisfies OptionTable<BytesConfig>;

type Values = MarbleValues<Bytes>;

const SYNTAX = { signs: '|#', endings: '|#', values: true };

export const byteRules = {
  same: (one: Buffer, other: Buffer): boolean => one.equals(other),
  describe: (bytes: Buffer, other?: Buffer): string =>
    describeBytes(bytes, other === undefined ? 0 : differsAt(bytes, other)),
};

/** Bytes that a test expects, frame by frame or in all. */
export class ByteExpectation extends Expectation<Values, Buffer> {
  /** @internal */
  constructor(
    rig: Rig,
    what: string,
    private readonly peer: Peer,
    private readonly side: 'output' | 'writes',
    private readonly marks: (fail: Fail) => readonly Mark<Buffer>[],
    config: BytesConfig,
  ) {
    const options = checkedOptions(`${what}: config`, config, OPTIONS);
    const merge = options.coalesced ? coalesced : (all: readonly Mark<Buffer>[]) => [...all];
    const kind: ExpectationKind<Values, Buffer> = {
      ...byteRules,
      what,
      expected: (marbles, values) =>
        merge(
          withValues<Bytes, Buffer>(
            what,
            parseMarbles(what, marbles, SYNTAX),
            values,
            (value, char) => toBytes(`${what}: '${char}'`, value, peer.textEncoding),
          ),
        ),
      actual: (fail) => merge(marks(fail)),
      joined: (all) => coalesced(all, () => true),
    };
    super(rig, kind);
  }

  /**
   * All bytes together, whenever they came: what does not depend on the chunking of the input. Of what
   * the peer gets, how it ends belongs to that.
   */
  readonly toAddUpTo = (bytes: Bytes, config: SumConfig = {}): void => {
    const { what, side } = this;
    const fail = this.failHere();
    const { end } = checkedOptions(`${what}: config`, config, SUM_OPTIONS);
    const expected = toBytes(`${what}: the sum`, bytes, this.peer.textEncoding);
    this.state(() => {
      const marks = this.marks(fail);
      const actual = Buffer.concat(marks.flatMap(({ value }) => (value ? [value] : [])));
      const isEnd = marks.find(({ char }) => char === '|' || char === '#');
      const ends = isEnd === undefined ? 'none' : isEnd.char === '|' ? 'fin' : 'rst';
      if (!actual.equals(expected)) {
        const at = differsAt(actual, expected);
        throw fail(
          `${what}: byte ${String(at)} differs\n\n` +
            `  expected  ${describeBytes(expected, at)}\n` +
            `  actual    ${describeBytes(actual, at)}${side === 'output' ? `, then ${ENDS[ends]}` : ''}\n`,
        );
      }
      if (side === 'output' && ends !== end) {
        throw fail(
          `${what}: the bytes are as expected, the end is not\n\n` +
            `  expected  ${ENDS[end]}\n  actual    ${ENDS[ends]}\n`,
        );
      }
      this.count(actual.length);
    });
  };
}
