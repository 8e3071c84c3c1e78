import { checkInteger, checkOptions, type OptionTable } from '../common/check';

/**
 * A token bucket: so many bytes a second, in bursts.
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

const OPTIONS: OptionTable<RateLimit> = {
  readBytesPerSecond: true,
  writeBytesPerSecond: true,
  readBurstBytes: true,
  writeBurstBytes: true,
  tickMs: true,
};

/** A {@link RateLimit} in libevent's terms: bytes for each tick, 0 for no limit. */
export interface TokenBucket {
  readonly readRate: number;
  readonly readBurst: number;
  readonly writeRate: number;
  readonly writeBurst: number;
  readonly tickMs: number;
}

const MOST = 2 ** 31 - 1;

function rate(name: string, perSecond: number | undefined, tickMs: number): number {
  if (perSecond === undefined) return 0;
  checkInteger(name, perSecond, 1, Math.floor((MOST * 1000) / tickMs), 'bytes a second');
  const perTick = Math.round((perSecond * tickMs) / 1000);
  if (perTick >= 1) return perTick;
  throw new RangeError(
    `${name} is less than one byte in a tick of ${String(tickMs)} ms, got ${String(perSecond)} bytes a second: lengthen tickMs`,
  );
}

/**
 * Checks a limit and turns it into bytes for each tick.
 *
 * @throws TypeError, RangeError for what is out of bounds
 */
export function tokenBucket(name: string, limit: RateLimit): TokenBucket {
  checkOptions(name, limit, OPTIONS);
  if (limit.readBytesPerSecond === undefined && limit.writeBytesPerSecond === undefined) {
    throw new TypeError(`${name} must limit readBytesPerSecond or writeBytesPerSecond`);
  }
  const tickMs = checkInteger(`${name}.tickMs`, limit.tickMs ?? 100, 1, 60_000, 'ms');
  const readRate = rate(`${name}.readBytesPerSecond`, limit.readBytesPerSecond, tickMs);
  const writeRate = rate(`${name}.writeBytesPerSecond`, limit.writeBytesPerSecond, tickMs);
  const burst = (option: 'readBurstBytes' | 'writeBurstBytes', least: number) =>
    checkInteger(
      `${name}.${option}`,
      limit[option] ?? Math.min(2 * least, MOST),
      least,
      MOST,
      'bytes',
    );
  return {
    readRate,
    readBurst: burst('readBurstBytes', readRate),
    writeRate,
    writeBurst: burst('writeBurstBytes', writeRate),
    tickMs,
  };
}
