import { checkInteger, checkObject } from '../common/check';
import { checkedOptions, type OptionTable } from '../common/options';

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

/** The largest mark and the largest `maxOutputBytes`: positions on the rings are 32 bits wide. */
export const MAX_MARK_BYTES = 2 ** 30;

/** A low mark that is absent is half of a high one that is not. */
const optionsOf = (config: WatermarksConfig, fallback: Watermarks) =>
  ({
    high: (value = fallback.high, name) => checkInteger(name, value, 1, MAX_MARK_BYTES, 'bytes'),
    low: (value, name, checked) => {
      const high = checked['high'] as number;
      const half = config.high === undefined ? fallback.low : high >> 1;
      return checkInteger(name, value === undefined ? half : value, 0, MAX_MARK_BYTES, 'bytes');
    },
  }) satisfies OptionTable<WatermarksConfig>;

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
  checkObject(name, config);
  const { low, high } = checkedOptions(name, config, optionsOf(config, fallback));
  if (low > high) {
    throw new RangeError(
      `${name}.low must not be above ${name}.high, got ${String(low)} > ${String(high)} bytes`,
    );
  }
  return { low, high };
}
