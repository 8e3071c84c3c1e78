import { checkInteger } from '../common/check';
import {
  type Checked,
  type Option,
  type OptionTable,
  checkedOptions,
  option,
} from '../common/options';
import { tokenBucket, type RateLimit } from './RateLimit';
import type { RateLimitGroup } from './RateLimitGroup';
import {
  MAX_MARK_BYTES,
  watermarks,
  type Watermarks,
  type WatermarksConfig,
} from '../flow/Watermarks';

/** Options of every connection, whichever way it came about. */
export interface ConnectionConfig {
  /** Marks of the input: the reactor may read `high` bytes ahead. Default: 65536, low 32768. */
  readonly read?: WatermarksConfig;
  /** Marks of the output: above `high` the connection is saturated. Default: 65536, low 32768. */
  readonly write?: WatermarksConfig;
  /**
   * Bytes of output beyond which the connection fails with `ERR_MAX_OUTPUT_BYTES`: the bound for
   * sources that cannot be held. Default: 16777216. Bounds: `write.high` to 1073741824.
   */
  readonly maxOutputBytes?: number;
  /** How strings are encoded. Default: `'utf8'`. */
  readonly encoding?: 'utf8' | 'latin1' | 'ascii';
  /** Fails when no input has come for this many ms while it is wanted. Default: 0, never. */
  readonly readTimeoutMs?: number;
  /** Fails when output that waits has made no progress for this many ms. Default: 0, never. */
  readonly writeTimeoutMs?: number;
  /**
   * Fails with `ETIMEDOUT`, syscall `'idle'`, when for this many ms nothing has been received and the
   * system has taken nothing of what was written. A connection that is held is not idle, unless output waits
   * and its peer does not take it; one that nobody reads is. The time that `close()` takes does not
   * count, it has a deadline of its own. The timeout comes between this time and a quarter more; later
   * while JavaScript is busy. Default: 0, never. Bounds: 0 to 2147483647 ms.
   */
  readonly idleTimeoutMs?: number;
  /** Limits this connection's bytes a second. Default: no limit. */
  readonly rateLimit?: RateLimit;
  /** Limits it together with others. Default: none. */
  readonly rateLimitGroup?: RateLimitGroup;
  /** Level of its events, 0 first. Default: libevent's, the middle. @see `bufferevent_priority_set()` */
  readonly priority?: number;
  /** What a timeout is: an error that ends the connection, or only an event. Default: `'error'`. */
  readonly whenTimeout?: 'error' | 'event';
  /**
   * Whether this end stays open when the peer has sent FIN. Otherwise it sends FIN, too, once the
   * peer's end has been delivered and nothing that derives from the input is under way: a held stage
   * that works, or a `sendTo` to this connection that is fed by its own input. Default: false, as in
   * `net`.
   */
  readonly allowHalfOpen?: boolean;
}

const DEFAULT_MARKS: Watermarks = { low: 32768, high: 65536 };
const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
/** The longest time that the reactor takes: 31 bits of ms. */
export const MAX_MS = 2 ** 31 - 1;
const MAX_PRIORITY = 254;

const marks: Option<Watermarks> = (value, name) =>
  watermarks(name, value as WatermarksConfig | undefined, DEFAULT_MARKS);

/** At least what saturates: a source is held before the connection fails. */
const maxOutputBytes: Option<number> = (value, name, checked) => {
  const { high } = checked['write'] as Watermarks;
  const bytes = value ?? Math.max(DEFAULT_MAX_OUTPUT_BYTES, high);
  return checkInteger(name, bytes, high, MAX_MARK_BYTES, 'bytes');
};

export const CONNECTION_OPTIONS = {
  read: marks,
  write: marks,
  maxOutputBytes,
  encoding: option.oneOf(['utf8', 'latin1', 'ascii']),
  readTimeoutMs: option.integer('ms', 0, MAX_MS, 0),
  writeTimeoutMs: option.integer('ms', 0, MAX_MS, 0),
  idleTimeoutMs: option.integer('ms', 0, MAX_MS, 0),
  rateLimit: option.optional((limit, name) => tokenBucket(name, limit as RateLimit)),
  rateLimitGroup: option.other<RateLimitGroup>(),
  priority: option.optional(option.integer('levels', 0, MAX_PRIORITY)),
  whenTimeout: option.oneOf(['error', 'event']),
  allowHalfOpen: option.flag(false),
} satisfies OptionTable<ConnectionConfig>;

/** {@link ConnectionConfig}, checked and complete. */
export type ConnectionOptions = Checked<typeof CONNECTION_OPTIONS>;

/**
 * Checks the options and fills in the defaults.
 *
 * @param known - of a config that has more options than these
 */
export function connectionOptions(
  config: ConnectionConfig,
  known: OptionTable<ConnectionConfig> = CONNECTION_OPTIONS,
): ConnectionOptions {
  return checkedOptions('config', config, CONNECTION_OPTIONS, known);
}
