import { checkString } from '../common/check';
import { type Fail, MarbleError } from './MarbleError';
import { type Rig, checkRunning } from './Rig';

/** Something that a test expects, by a name if it is given one; looked at when virtual time has ended. */
export abstract class NamedExpectation {
  /** @internal */
  protected readonly rig: Rig;
  /** @internal */
  protected readonly what: string;
  private stated = false;
  private step = '';

  /**
   * @internal
   * @param what - what the test has written, as `expectOutput(connection 1)`
   */
  constructor(rig: Rig, what: string) {
    checkRunning(rig, what);
    this.rig = rig;
    this.what = what;
    const fail = this.failHere();
    rig.checks.push(() => {
      if (!this.stated) throw fail(`${what}: nothing is expected, call toBe()`);
    });
  }

  /**
   * Names the step of the test that it is about, for the message: `.as('after login').toBe(…)`.
   *
   * @param step - what messages begin with
   */
  as(step: string): this {
    this.step = stepOf(this.what, step);
    return this;
  }

  /** @internal A failure at the line that has called, with the step's name in front. */
  protected failHere(): Fail {
    const fail = MarbleError.here();
    return (message, details) => fail(this.step + message, details);
  }

  /** @internal Something was as expected: the test's framework counts it. */
  protected count(as: unknown): void {
    this.rig.assert(as, as);
  }

  /** @internal */
  protected state(check: () => void): void {
    checkRunning(this.rig, this.what);
    this.stated = true;
    this.rig.checks.push(check);
  }
}

/**
 * What a message begins with.
 *
 * @param what - the expectation that is given the name
 */
export function stepOf(what: string, step: string): string {
  return `${checkString(`${what}: the step`, step)}: `;
}
