import fc from 'fast-check';
import { Saturation } from '../../lib/flow/Saturation';

describe('Saturation', () => {
  it('is saturated strictly above the high mark', () => {
    const saturation = new Saturation({ low: 5, high: 10 });
    expect(saturation.evaluate(9)).toBeUndefined();
    expect(saturation.evaluate(10)).toBeUndefined();
    expect(saturation.evaluate(11)).toBe('saturated');
    expect(saturation.saturated).toBe(true);
    expect(saturation.evaluate(100)).toBeUndefined();
  });

  it('is drained at or below the low mark, and armed again', () => {
    const saturation = new Saturation({ low: 5, high: 10 });
    saturation.evaluate(11);
    expect(saturation.evaluate(10)).toBeUndefined();
    expect(saturation.evaluate(6)).toBeUndefined();
    expect(saturation.evaluate(5)).toBe('drained');
    expect(saturation.evaluate(0)).toBeUndefined();
    expect(saturation.evaluate(11)).toBe('saturated');
    expect(saturation.evaluate(0)).toBe('drained');
  });

  it('is looked at again when the marks change while above', () => {
    const saturation = new Saturation({ low: 5, high: 10 });
    saturation.evaluate(20);
    saturation.marks = { low: 15, high: 30 };
    expect(saturation.evaluate(20)).toBeUndefined();
    saturation.marks = { low: 20, high: 30 };
    expect(saturation.evaluate(20)).toBe('drained');
    saturation.marks = { low: 0, high: 19 };
    expect(saturation.evaluate(20)).toBe('saturated');
  });

  it('alternates when both marks are the same', () => {
    const saturation = new Saturation({ low: 10, high: 10 });
    const seen = [10, 11, 12, 11, 10, 10, 11].map((bytes) => saturation.evaluate(bytes));
    expect(seen).toEqual([
      ...[undefined, 'saturated', undefined, undefined],
      ...['drained', undefined, 'saturated'],
    ]);
  });

  it('follows the hysteresis for every run of outputs and marks', () => {
    const step = fc.record({
      output: fc.nat(40),
      marks: fc.option(fc.tuple(fc.nat(20), fc.nat(20)), { freq: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const saturation = new Saturation({ low: 5, high: 10 });
        let marks = { low: 5, high: 10 };
        let above = false;
        for (const { output, marks: change } of steps) {
          if (change) {
            marks = { low: Math.min(...change), high: Math.max(...change, 1) };
            saturation.marks = marks;
          }
          const before: boolean = above;
          above = before ? output > marks.low : output > marks.high;
          const expected = above === before ? undefined : above ? 'saturated' : 'drained';
          expect(saturation.evaluate(output)).toBe(expected);
          expect(saturation.saturated).toBe(above);
        }
      }),
    );
  });
});
