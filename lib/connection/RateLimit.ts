import { checkInteger } from '../common/check';
import { checkedOptions, type Option, type OptionTable, option } from '../common/options';

/**
 * A token bucket: a number of bytes a second, in bursts.
 *
 * @see event2/bufferevent.h `ev_token_bucket_cfg_new()`
 */
export interface RateLimit {
  /** Bytes a second that may be read. Default: no limit. Bounds: 1 to 2147483647 for each tick. */
  readonly readBytesPerSecond?: number;
  /** Bytes a second that may be written. Default: no limit. Bounds: 1 to 2147483647 for each tick. */
  readonly writeBytesPerSecond?: number;
  /**
   * The most that may be read at once after a rest, in bytes. Default: what two ticks bring, so that
   * a tick that comes late loses nothing. Bounds: what one tick brings to 2147483647.
   */
  readonly readBurstBytes?: number;
  /** The most that may be written at once after a rest, in bytes. Default and bounds: likewise. */
  readonly writeBurstBytes?: number;
  /** How often the bucket is filled, in ms. Default: 100. Bounds: 1 to 60000. */
  readonly tickMs?: number;
}

/** A {@link RateLimit} in libevent's terms: bytes for each tick, 0 for no limit. */
export interface TokenBucket {
  readonly readRate: number;
  readonly readBurst: number;
  readonly writeRate: number;
  readonly writeBurst: number;
  readonly tickMs: number;
}

const MOST = 2 ** 31 - 1;

/** Bytes for each tick; 0 for no limit. */
const rate: Option<number> = (perSecond, name, { tickMs }) => {
  if (perSecond === undefined) return 0;
  const ms = tickMs as number;
  const most = Math.floor((MOST * 1000) / ms);
  const bytes = checkInteger(name, perSecond, 1, most, 'bytes a second');
  const perTick = Math.round((bytes * ms) / 1000);
  if (perTick >= 1) return perTick;
  throw new RangeError(
    `${name} is less than one byte in a tick of ${String(ms)} ms, got ${String(bytes)} bytes a second: lengthen tickMs`,
  );
};

const burst =
  (rateName: 'readBytesPerSecond' | 'writeBytesPerSecond'): Option<number> =>
  (bytes, name, checked) => {
    const least = checked[rateName] as number;
    return checkInteger(name, bytes ?? Math.min(2 * least, MOST), least, MOST, 'bytes');
  };

const OPTIONS = {
  tickMs: option.integer('ms', 1, 60_000, 100),
  readBytesPerSecond: rate,
  writeBytesPerSecond: rate,
  readBurstBytes: burst('readBytesPerSecond'),
  writeBurstBytes: burst('writeBytesPerSecond'),
} satisfies OptionTable<RateLimit>;

/**
 * Checks a limit and turns it into bytes for each tick.
 *
 * @throws TypeError, RangeError for what is out of bounds
 */
export function tokenBucket(name: string, limit: RateLimit): TokenBucket {
  const options = checkedOptions(name, limit, OPTIONS);
  if (limit.readBytesPerSecond === undefined && limit.writeBytesPerSecond === undefined) {
    throw new TypeError(`${name} must limit readBytesPerSecond or writeBytesPerSecond`);
  }
  return {
    readRate: options.readBytesPerSecond,
    readBurst: options.readBurstBytes,
    writeRate: options.writeBytesPerSecond,
    writeBurst: options.writeBurstBytes,
    tickMs: options.tickMs,
  };
}
