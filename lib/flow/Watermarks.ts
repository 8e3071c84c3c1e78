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

function checkMark(name: string, value: number, least: number): void {
  if (typeof value !== 'number') {
    throw new TypeError(`${name} must be a number of bytes, got ${typeof value}`);
  }
  if (!Number.isInteger(value) || value < least || value > MAX_MARK_BYTES) {
    throw new RangeError(
      `${name} must be a whole number of bytes from ${String(least)} to ${String(MAX_MARK_BYTES)}, got ${String(value)}`,
    );
  }
}

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
  if (typeof config !== 'object' || (config as unknown) === null) {
    throw new TypeError(`${name} must be an object of low and high, in bytes`);
  }
  const { high = fallback.high } = config;
  checkMark(`${name}.high`, high, 1);
  const { low = config.high === undefined ? fallback.low : high >> 1 } = config;
  checkMark(`${name}.low`, low, 0);
  if (low > high) {
    throw new RangeError(
      `${name}.low must not be above ${name}.high, got ${String(low)} > ${String(high)} bytes`,
    );
  }
  return { low, high };
}
