import { LibeventError } from '../common/LibeventError';
import { checkObject } from '../common/check';
import type { RateLimit } from './RateLimit';

/** Bytes that the members of a group have moved, those that have left it included. */
export interface RateLimitTotals {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/**
 * A token bucket that several connections share; made by `base.rateLimitGroup(limit)`.
 *
 * All of its members are on one reactor: give it to `listen` or `connect`.
 *
 * @see event2/bufferevent.h `bufferevent_rate_limit_group_new()`
 */
export interface RateLimitGroup {
  /** Identifies the reactor. @internal */
  readonly reactor: object;
  /** @internal */
  readonly id: number;
  /** True from the call of {@link RateLimitGroup.close}, and once its base has gone. */
  readonly closed: boolean;
  /** Changes the limit for all members. @see `bufferevent_rate_limit_group_set_cfg()` */
  setRateLimit(limit: RateLimit): void;
  /** What has been moved so far. @see `bufferevent_rate_limit_group_get_totals()` */
  totals(): Promise<RateLimitTotals>;
  /** Takes no more members; the group is freed with its last one. Connections keep their own limits. */
  close(): void;
}

/**
 * @throws TypeError for what is no group
 * @throws LibeventError `ERR_CLOSED` for one that has been closed
 */
export function checkGroup(name: string, group: RateLimitGroup): void {
  checkObject(name, group);
  const { id, reactor, closed } = group as Partial<RateLimitGroup>;
  if (typeof id !== 'number' || typeof reactor !== 'object') {
    throw new TypeError(`${name} must come from base.rateLimitGroup()`);
  }
  if (closed !== true) return;
  const detail = 'the group is closed';
  throw new LibeventError('ERR_CLOSED', 'bufferevent_add_to_rate_limit_group', { detail });
}
