import fc from 'fast-check';
import { MAX_MARK_BYTES, watermarks, type WatermarksConfig } from '../../lib/flow/Watermarks';

const fallback = { low: 10, high: 30 };

describe('watermarks', () => {
  it.each([
    ['nothing', undefined, fallback],
    ['no marks', {}, fallback],
    ['high only', { high: 9 }, { low: 4, high: 9 }],
    ['the least high', { high: 1 }, { low: 0, high: 1 }],
    ['the largest high', { high: MAX_MARK_BYTES }, { low: 2 ** 29, high: 2 ** 30 }],
    ['low only', { low: 30 }, { low: 30, high: 30 }],
    ['both', { low: 0, high: 100 }, { low: 0, high: 100 }],
    ['undefined marks', { low: undefined, high: undefined }, fallback],
  ])('fills in what is absent: %s', (_, config, expected) => {
    expect(watermarks('read', config as WatermarksConfig | undefined, fallback)).toEqual(expected);
  });

  it.each([
    [{ high: -1 }, 'read.high'],
    [{ high: 0 }, 'read.high'],
    [{ high: NaN }, 'read.high'],
    [{ high: 1.5 }, 'read.high'],
    [{ high: Infinity }, 'read.high'],
    [{ high: MAX_MARK_BYTES + 1 }, 'read.high'],
    [{ low: -1 }, 'read.low'],
    [{ low: NaN }, 'read.low'],
    [{ low: 0.5 }, 'read.low'],
    [{ low: 31 }, 'read.low must not be above read.high, got 31 > 30 bytes'],
    [{ low: 6, high: 5 }, 'read.low must not be above read.high, got 6 > 5 bytes'],
  ])('refuses %j with a RangeError that names the mark', (config, message) => {
    const call = (): unknown => watermarks('read', config, fallback);
    expect(call).toThrow(RangeError);
    expect(call).toThrow(message);
  });

  it.each([[null], ['64K'], [5], [{ high: '5' }], [{ low: null }], [{ high: 5n }]])(
    'refuses %p with a TypeError',
    (config) => {
      expect(() => watermarks('read', config as WatermarksConfig, fallback)).toThrow(TypeError);
    },
  );

  it('gives whole marks with low not above high, or a RangeError, for every pair of numbers', () => {
    const mark = fc.option(fc.oneof(fc.integer(), fc.double(), fc.nat(40)), { nil: undefined });
    fc.assert(
      fc.property(mark, mark, (low, high) => {
        try {
          const marks = watermarks('m', { low, high } as WatermarksConfig, fallback);
          expect(Number.isInteger(marks.low) && Number.isInteger(marks.high)).toBe(true);
          expect(marks.low).toBeGreaterThanOrEqual(0);
          expect(marks.low).toBeLessThanOrEqual(marks.high);
          expect(marks.high).toBe(high ?? 30);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
