import { Observable, type Subscriber } from 'rxjs';
import { checkOneOf } from '../common/check';
import type { Release } from '../flow/Release';
import { FdSubscription } from './FdSubscription';
import type { FdEventName, FdWatches, FdWatchSpec } from './FdWatch';

const EVENTS: readonly FdEventName[] = ['read', 'write', 'timeout', 'closed'];

/**
 * What happens to a descriptor that is somebody else's: a pipe, a terminal, a device, a socket.
 *
 * "Tell me when I can read."
 *
 * ```
 * readable  --[=======]------[==]--
 * fd        --r-r-r-r--------r-r---
 * hold          (    )
 * held      --r-------r-r----r-r---
 * ```
 *
 * A level-triggered descriptor is watched once and watched again when its event has been handled,
 * so what JavaScript has not read yet is not told twice meanwhile. While it is held it is not
 * watched. What two subscriptions watch, both are told.
 *
 * The descriptor stays its owner's: it must be open while it is subscribed to, and is closed by
 * whoever has opened it, after unsubscribing. One that is closed earlier ends with `EBADF` when that
 * is noticed: with poll and select at the next turn, with epoll when it would be watched again. One
 * that has been opened again under the number is another file.
 *
 * - **Subscribe**: cold; every subscription has an event of its own. It keeps the process alive.
 * - **Next**: `'read'`, `'write'`, `'timeout'`, `'closed'`: one value for each condition, in this
 *   order. `'closed'` comes once, when the peer has shut down its side or has reset.
 * - **Complete**: when the base is closed; after `'closed'` if nothing else is waited for.
 * - **Error**: {@link LibeventError}: `EBADF` for what is not open, or no more; `EPERM` for a file
 *   that epoll cannot watch (poll and select can); `EMFILE` for 1024 and above with select; `ENOTSUP`
 *   for `'edge'` without the feature; `EEXIST` where `'closed'` is watched twice; `EINVAL` where both
 *   modes are used on one descriptor; `ERR_BASE_CLOSED`.
 * - **Unsubscribe**: stops watching; the descriptor stays open.
 *
 * @see event2/event.h `event_new()`, `event_add()`, `event_del()`
 */
export class FdEvent extends Observable<FdEventName> {
  private readonly open = new Set<FdSubscription>();

  /** @internal Events come from `base.fd()`. */
  constructor(watches: FdWatches, spec: FdWatchSpec) {
    super((subscriber: Subscriber<FdEventName>) => {
      const subscription = new FdSubscription(subscriber, spec);
      this.open.add(subscription);
      subscriber.add(() => {
        this.open.delete(subscription);
        subscription.stop();
      });
      subscription.start(watches);
    });
  }

  /** Whether a subscription of it is waiting for something. @see `event_pending()` */
  get pending(): boolean {
    return [...this.open].some((subscription) => subscription.pending);
  }

  /**
   * Emits as if it had happened, to every subscription, in a later turn. @see `event_active()`
   *
   * @throws TypeError when it is no name of an event
   */
  activate(event: FdEventName): void {
    checkOneOf('event', event, EVENTS);
    for (const subscription of this.open) subscription.activate(event);
  }

  /** Stops watching until the returned function is called. @see `event_del()` */
  hold(cause: unknown = 'hold'): Release {
    const releases = [...this.open].map((subscription) => subscription.hold(cause));
    return () => {
      for (const release of releases) release();
    };
  }
}
