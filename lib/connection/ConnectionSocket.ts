import { LibeventError } from '../common/LibeventError';
import { checkInteger, checkOneOf } from '../common/check';
import type { ConnectionOptions } from './ConnectionConfig';
import { tokenBucket, type RateLimit } from './RateLimit';
import type { RateLimitGroup } from './RateLimitGroup';
import type { SocketTransport } from './Transport';

const MAX_PRIORITY = 254;

/** What libevent does for a connection's socket beside carrying its bytes. */
export class ConnectionSocket {
  /** @internal Comes from `connection.socket`. */
  constructor(private readonly transport: SocketTransport) {}

  /**
   * The descriptor, for what libevent does not do; -1 for a pair, and once it is closed.
   *
   * @see event2/bufferevent.h `bufferevent_getfd()`
   */
  get fd(): number {
    return this.transport.fd;
  }

  /**
   * Limits bytes a second from now on; `undefined` lifts the limit.
   *
   * @throws TypeError, RangeError for a limit out of bounds
   * @see event2/bufferevent.h `bufferevent_set_rate_limit()`
   */
  setRateLimit(limit: RateLimit | undefined): void {
    this.transport.rateLimit(limit && tokenBucket('limit', limit));
  }

  /**
   * Joins a group, and leaves the one before; `undefined` only leaves.
   *
   * @throws LibeventError `ERR_OTHER_REACTOR` if the group is on another reactor
   * @see event2/bufferevent.h `bufferevent_add_to_rate_limit_group()`
   */
  setRateLimitGroup(group: RateLimitGroup | undefined): void {
    if (group !== undefined && group.reactor !== this.transport.reactor) {
      const detail = 'the group is on another reactor: give it to listen or connect';
      throw new LibeventError('ERR_OTHER_REACTOR', 'bufferevent_add_to_rate_limit_group', {
        detail,
      });
    }
    this.transport.rateLimitGroup(group?.id ?? 0);
  }

  /**
   * Sets the level of this connection's events: 0 comes first.
   *
   * @param level - bounds: 0 to one less than the base's `priorities`, 254 at most
   * @see event2/bufferevent.h `bufferevent_priority_set()`
   */
  setPriority(level: number): void {
    this.transport.priority(checkInteger('level', level, 0, MAX_PRIORITY, 'levels'));
  }

  /**
   * Looks at a direction as if its event had come.
   *
   * @see event2/bufferevent.h `bufferevent_trigger()`
   */
  trigger(direction: 'read' | 'write'): void {
    this.transport.trigger(checkOneOf('direction', direction, ['read', 'write']));
  }

  /** Applies what a connection is made with. @internal */
  configure({ rateLimit, rateLimitGroup, priority }: ConnectionOptions): void {
    if (rateLimit !== undefined) this.transport.rateLimit(rateLimit);
    if (rateLimitGroup !== undefined) this.setRateLimitGroup(rateLimitGroup);
    if (priority !== undefined) this.setPriority(priority);
  }
}
