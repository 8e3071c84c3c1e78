import type { Watermarks } from './Watermarks';

/**
 * The hysteresis of one output: saturated strictly above the high mark, drained at or below the
 * low mark, and strictly alternating.
 */
export class Saturation {
  saturated = false;

  constructor(private marks: Watermarks) {}

  get low(): number {
    return this.marks.low;
  }

  get high(): number {
    return this.marks.high;
  }

  setMarks(marks: Watermarks): void {
    this.marks = marks;
  }

  /** Looks at the output again and says what has changed, if anything. */
  evaluate(outputBytes: number): 'saturated' | 'drained' | undefined {
    if (this.saturated) {
      if (outputBytes > this.marks.low) return undefined;
      this.saturated = false;
      return 'drained';
    }
    if (outputBytes <= this.marks.high) return undefined;
    this.saturated = true;
    return 'saturated';
  }
}
