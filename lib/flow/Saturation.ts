import type { Watermarks } from './Watermarks';

/**
 * The hysteresis of one output: saturated strictly above the high mark, drained at or below the
 * low mark, and strictly alternating.
 */
export class Saturation {
  private above = false;

  constructor(public marks: Watermarks) {}

  get saturated(): boolean {
    return this.above;
  }

  /** Looks at the output again and says what has changed, if anything. */
  evaluate(outputBytes: number): 'saturated' | 'drained' | undefined {
    if (this.above) {
      if (outputBytes > this.marks.low) return undefined;
      this.above = false;
      return 'drained';
    }
    if (outputBytes <= this.marks.high) return undefined;
    this.above = true;
    return 'saturated';
  }
}
