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
  /** Changes the limit for all members. @see `bufferevent_rate_limit_group_set_cfg()` */
  setRateLimit(limit: RateLimit): void;
  /** What has been moved so far. @see `bufferevent_rate_limit_group_get_totals()` */
  totals(): Promise<RateLimitTotals>;
  /** Lets the group go, with its last member. Connections keep their own limits. */
  close(): void;
}
