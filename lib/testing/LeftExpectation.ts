import { type Fail, MarbleError } from './MarbleError';
import type { Peer } from './Peer';
import { type Rig, checkRunning } from './Rig';
import { type Bytes, describeBytes, toBytes } from './bytes';

/** The bytes that a test expects to be left when it ends: unread, or unsent. */
export class LeftExpectation {
  private stated = false;

  /** @internal */
  constructor(
    private readonly rig: Rig,
    private readonly what: string,
    private readonly peer: Peer,
    private readonly left: (fail: Fail) => Buffer,
  ) {
    checkRunning(rig, what);
    const fail = MarbleError.here();
    rig.checks.push(() => {
      if (!this.stated) throw fail(`${what}: nothing is expected, call toBe()`);
    });
  }

  readonly toBe = (bytes: Bytes): void => {
    const { rig, what } = this;
    checkRunning(rig, what);
    const fail = MarbleError.here();
    const expected = toBytes(`${what}: what is left`, bytes, this.peer.textEncoding);
    this.stated = true;
    rig.checks.push(() => {
      const actual = this.left(fail);
      if (actual.equals(expected)) {
        rig.assert(actual.length, expected.length);
        return;
      }
      throw fail(
        `${what}: what is left differs\n\n` +
          `  expected  ${describeBytes(expected)}\n  actual    ${describeBytes(actual)}\n`,
      );
    });
  };
}
