import { checkInteger, checkOptions, type OptionTable } from '../common/check';

/**
 * Low and high mark of one direction of a connection, in bytes.
 *
 * @see event2/bufferevent.h `bufferevent_setwatermark()`
 */
export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

/** Marks as a user may state them. An absent low mark is half of the high mark. */
export interface WatermarksConfig {
  /** Bytes at or below which the flow goes on. Default: half of `high`. Bounds: 0 to `high`. */
  readonly low?: number;
  /** Bytes above which the flow stops. Bounds: 1 to 1073741824. */
  readonly high?: number;
}

const OPTIONS: OptionTable<WatermarksConfig> = {
  low: true,
  high: true,
};

/** The largest mark and the largest `maxOutputBytes`: positions on the rings are 32 bits wide. */
export const MAX_MARK_BYTES = 2 ** 30;

/**
 * Checks marks and fills in what is absent.
 *
 * @param name - the option's name, for the message
 * @param config - the marks asked for
 * @param fallback - what stands where `config` says nothing
 * @throws TypeError when a mark is not a number
 * @throws RangeError when a mark is negative, fractional, NaN, too large, or low is above high
 */
export function watermarks(
  name: string,
  config: WatermarksConfig | undefined,
  fallback: Watermarks,
): Watermarks {
  if (config === undefined) return fallback;
  checkOptions(name, config, OPTIONS);
  const { high = fallback.high } = config;
  checkInteger(`${name}.high`, high, 1, MAX_MARK_BYTES, 'bytes');
  const { low = config.high === undefined ? fallback.low : high >> 1 } = config;
  checkInteger(`${name}.low`, low, 0, MAX_MARK_BYTES, 'bytes');
  if (low > high) {
    throw new RangeError(
      `${name}.low must not be above ${name}.high, got ${String(low)} > ${String(high)} bytes`,
    );
  }
  return { low, high };
}
