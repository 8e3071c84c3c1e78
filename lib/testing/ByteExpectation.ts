import { checkedOptions, type OptionTable, option } from '../common/options';
import { Expectation, type ExpectationKind } from './Expectation';
import { type Fail, MarbleError } from './MarbleError';
import type { Mark } from './Mark';
import type { Peer } from './Peer';
import type { Rig } from './Rig';
import { type Bytes, describeBytes, toBytes } from './bytes';
import { coalesced } from './coalesced';
import { parseMarbles } from './parseMarbles';
import { type MarbleValues, withValues } from './withValues';

/** Options of an expectation of bytes. */
export interface BytesConfig {
  /** Whether bytes of one frame are one value, whatever pieces they came in. Default: true. */
  readonly coalesced?: boolean;
}

const OPTIONS = { coalesced: option.flag(true) } satisfies OptionTable<BytesConfig>;

type Values = MarbleValues<Bytes>;

const SYNTAX = { signs: '|#', endings: '|#', values: true };

export const byteRules = {
  same: (one: Buffer, other: Buffer): boolean => one.equals(other),
  describe: describeBytes,
};

/** Bytes that a test expects, frame by frame or in all. */
export class ByteExpectation extends Expectation<Values, Buffer> {
  /** @internal */
  constructor(
    rig: Rig,
    private readonly what: string,
    private readonly peer: Peer,
    private readonly marks: (fail: Fail) => readonly Mark<Buffer>[],
    config: BytesConfig,
    call: (...args: never[]) => unknown,
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
    };
    super(rig, kind, call);
  }

  /** All bytes together, whenever they came: what does not depend on the chunking of the input. */
  readonly toAddUpTo = (bytes: Bytes): void => {
    const { what } = this;
    const fail = MarbleError.at(this.toAddUpTo);
    const expected = toBytes(`${what}: the sum`, bytes, this.peer.textEncoding);
    this.state(() => {
      const actual = Buffer.concat(this.marks(fail).flatMap(({ value }) => (value ? [value] : [])));
      if (actual.equals(expected)) {
        this.count(actual.length);
        return;
      }
      let at = 0;
      while (at < actual.length && actual[at] === expected[at]) at += 1;
      throw fail(
        `${what}: byte ${String(at)} differs\n\n` +
          `  expected  ${describeBytes(expected.subarray(at))}\n` +
          `  actual    ${describeBytes(actual.subarray(at))}\n`,
      );
    });
  };
}
