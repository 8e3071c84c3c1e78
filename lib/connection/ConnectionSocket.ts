import { LibeventError } from '../common/LibeventError';
import { checkBoolean, checkInteger, checkOneOf } from '../common/check';
import type { ConnectionOptions } from './ConnectionConfig';
import { MAX_KEEP_ALIVE_SECONDS } from './keepAlive';
import { tokenBucket, type RateLimit } from './RateLimit';
import { checkGroup, type RateLimitGroup } from './RateLimitGroup';
import type { SocketTransport } from './Transport';

const JOIN = 'bufferevent_add_to_rate_limit_group';

/** Whether the options are of those that need a {@link ConnectionSocket}. */
export function configuresSocket(options: ConnectionOptions): boolean {
  const { rateLimit, rateLimitGroup, priority } = options;
  return rateLimit !== undefined || rateLimitGroup !== undefined || priority !== undefined;
}

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
   * @throws TypeError, RangeError for a limit out of bounds; LibeventError `ENOTSUP` for a pair
   *
   * @example
   * ```ts
   * conn.socket.setRateLimit({ readBytesPerSecond: 50_000 });
   * conn.socket.setRateLimit(undefined);
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_set_rate_limit()`
   */
  setRateLimit(limit: RateLimit | undefined): void {
    this.refusePair('bufferevent_set_rate_limit');
    this.transport.rateLimit(limit === undefined ? undefined : tokenBucket('limit', limit));
  }

  /**
   * Joins a group, and leaves the one before; `undefined` only leaves.
   *
   * @throws TypeError for what is no group; LibeventError `ERR_OTHER_REACTOR` if the group is on
   *   another reactor, `ERR_CLOSED` if it has been closed, `ENOTSUP` for a pair
   *
   * @example
   * ```ts
   * conn.socket.setRateLimitGroup(group);
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_add_to_rate_limit_group()`
   */
  setRateLimitGroup(group: RateLimitGroup | undefined): void {
    this.refusePair(JOIN);
    if (group !== undefined) {
      checkGroup('group', group);
      if (group.reactor !== this.transport.reactor) {
        const detail = 'the group is on another reactor: give it to listen or connect';
        throw new LibeventError('ERR_OTHER_REACTOR', JOIN, { detail });
      }
    }
    this.transport.rateLimitGroup(group?.id ?? 0);
  }

  /**
   * Sets the level of this connection's events: 0 comes first.
   *
   * @param level - bounds: 0 to one less than the base's `priorities`
   * @throws TypeError, RangeError for a level out of bounds; LibeventError `ENOTSUP` for a pair
   *
   * @example
   * ```ts
   * conn.socket.setPriority(0);
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_priority_set()`
   */
  setPriority(level: number): void {
    this.refusePair('bufferevent_priority_set');
    const last = this.transport.priorities - 1;
    this.transport.priority(checkInteger('level', level, 0, last, 'levels'));
  }

  /**
   * Has the system probe a silent peer, to find out whether it still lives. What the system refuses,
   * as for a unix socket, is an event, `optionFailed`.
   *
   * @param seconds - of silence before the first probe; 0 for no probes. Bounds: 0 to 32767
   * @throws TypeError, RangeError for seconds out of bounds; LibeventError `ENOTSUP` for a pair
   *
   * @example
   * ```ts
   * conn.socket.setKeepAlive(60);
   * ```
   */
  setKeepAlive(seconds: number): void {
    this.refusePair('setsockopt');
    checkInteger('seconds', seconds, 0, MAX_KEEP_ALIVE_SECONDS, 'seconds');
    this.transport.option('keepAlive', seconds);
  }

  /**
   * Sends small packets at once, or waits for what the peer acknowledges (Nagle's algorithm). What the
   * system refuses, as for a unix socket, is an event, `optionFailed`.
   *
   * @throws TypeError for what is neither true nor false; LibeventError `ENOTSUP` for a pair
   *
   * @example
   * ```ts
   * conn.socket.setNoDelay();
   * ```
   */
  setNoDelay(on = true): void {
    this.refusePair('setsockopt');
    this.transport.option('noDelay', checkBoolean('on', on) ? 1 : 0);
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

  private refusePair(call: string): void {
    if (!this.transport.paired) return;
    throw new LibeventError('ENOTSUP', call, { detail: 'libevent cannot do this for a pair' });
  }
}
