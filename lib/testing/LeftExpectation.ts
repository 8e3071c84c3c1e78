import type { Fail } from './MarbleError';
import { NamedExpectation } from './NamedExpectation';
import type { Peer } from './Peer';
import type { Rig } from './Rig';
import { type Bytes, describeBytes, differsAt, toBytes } from './bytes';

/** The bytes that a test expects to be left when it ends: unread, or unsent. */
export class LeftExpectation extends NamedExpectation {
  /** @internal */
  constructor(
    rig: Rig,
    what: string,
    private readonly peer: Peer,
    private readonly left: (fail: Fail) => Buffer,
  ) {
    super(rig, what);
  }

  readonly toBe = (bytes: Bytes): void => {
    const { what } = this;
    const fail = this.failHere();
    const expected = toBytes(`${what}: what is left`, bytes, this.peer.textEncoding);
    this.state(() => {
      const actual = this.left(fail);
      if (actual.equals(expected)) {
        this.count(actual.length);
        return;
      }
      const at = differsAt(actual, expected);
      throw fail(
        `${what}: what is left differs\n\n` +
          `  expected  ${describeBytes(expected, at)}\n  actual    ${describeBytes(actual, at)}\n`,
      );
    });
  };
}
