import {
  checkBoolean,
  checkInteger,
  checkOptions,
  type OptionTable,
  checkOneOf,
} from '../common/check';
import { tokenBucket, type RateLimit, type TokenBucket } from './RateLimit';
import type { RateLimitGroup } from './RateLimitGroup';
import { timeoutMs } from './Timeouts';
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
  /** Fails after so long without input while it is wanted, in ms. Default: 0, never. */
  readonly readTimeoutMs?: number;
  /** Fails after so long without progress of output, in ms. Default: 0, never. */
  readonly writeTimeoutMs?: number;
  /**
   * Fails with `ETIMEDOUT`, syscall `'idle'`, when for so long nothing has been received and the system
   * has taken nothing of what was written. A connection that is held is not idle, unless output waits
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

export const CONNECTION_OPTIONS: OptionTable<ConnectionConfig> = {
  read: true,
  write: true,
  maxOutputBytes: true,
  encoding: true,
  readTimeoutMs: true,
  writeTimeoutMs: true,
  idleTimeoutMs: true,
  rateLimit: true,
  rateLimitGroup: true,
  priority: true,
  whenTimeout: true,
  allowHalfOpen: true,
};

/** {@link ConnectionConfig}, checked and complete. */
export interface ConnectionOptions {
  readonly read: Watermarks;
  readonly write: Watermarks;
  readonly maxOutputBytes: number;
  readonly encoding: BufferEncoding;
  readonly readTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly whenTimeout: 'error' | 'event';
  /** Whether the output stays open after the end of the input. */
  readonly allowHalfOpen: boolean;
  readonly rateLimit?: TokenBucket | undefined;
  readonly rateLimitGroup?: RateLimitGroup | undefined;
  readonly priority?: number | undefined;
}

const DEFAULT_MARKS: Watermarks = { low: 32768, high: 65536 };
const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_PRIORITY = 254;

/**
 * Checks the options and fills in the defaults.
 *
 * @param known - of a config that has more options than these
 */
export function connectionOptions<Config extends ConnectionConfig>(
  config: Config,
  known: OptionTable<Config> | OptionTable<ConnectionConfig> = CONNECTION_OPTIONS,
): ConnectionOptions {
  checkOptions('config', config, known);
  const write = watermarks('write', config.write, DEFAULT_MARKS);
  const fallback = Math.max(DEFAULT_MAX_OUTPUT_BYTES, write.high);
  return {
    read: watermarks('read', config.read, DEFAULT_MARKS),
    write,
    maxOutputBytes: checkInteger(
      'maxOutputBytes',
      config.maxOutputBytes ?? fallback,
      write.high,
      MAX_MARK_BYTES,
      'bytes',
    ),
    encoding: checkOneOf('encoding', config.encoding ?? 'utf8', ['utf8', 'latin1', 'ascii']),
    readTimeoutMs: timeoutMs(config, 'readTimeoutMs', 0),
    writeTimeoutMs: timeoutMs(config, 'writeTimeoutMs', 0),
    idleTimeoutMs: timeoutMs(config, 'idleTimeoutMs', 0),
    rateLimit:
      config.rateLimit === undefined ? undefined : tokenBucket('rateLimit', config.rateLimit),
    rateLimitGroup: config.rateLimitGroup,
    priority:
      config.priority === undefined
        ? undefined
        : checkInteger('priority', config.priority, 0, MAX_PRIORITY, 'levels'),
    whenTimeout: checkOneOf('whenTimeout', config.whenTimeout ?? 'error', ['error', 'event']),
    allowHalfOpen: checkBoolean('allowHalfOpen', config.allowHalfOpen ?? false),
  };
}
