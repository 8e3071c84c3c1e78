import { Observable, type Subscriber } from 'rxjs';
import { checkOneOf } from '../common/check';
import type { Release } from '../flow/Source';
import { FdSubscription } from './FdSubscription';
import { FD_EVENTS, type FdEventName, type FdWatches, type FdWatchSpec } from './FdWatch';

/**
 * What happens to a descriptor that is somebody else's: a pipe, a terminal, a device, a socket.
 *
 * "Say when I can read."
 *
 * ```
 * readable  --[=======]------[==]--
 * fd        --r-r-r-r--------r-r---
 * hold          (    )
 * held      --r-------r-r----r-r---
 * ```
 *
 * A level-triggered descriptor is watched once and watched again when its event has been handled,
 * so what JavaScript has not read yet is not reported twice. While it is held it is not watched.
 * Two subscriptions to one descriptor both get its events.
 *
 * The descriptor stays its owner's, who may close it at any time: what is watched is a duplicate,
 * made when it is subscribed to and closed when it is unsubscribed from. So the watch goes on after
 * the owner has closed its own, and what is opened under the number later is none of its business.
 * A duplicate keeps a pipe or a socket of somebody else's open, so the peer sees the end when both
 * are closed; that of a connection of the library sees it when the connection closes.
 *
 * - **Subscribe**: cold; every subscription has an event of its own. It keeps the process alive.
 * - **Next**: `'read'`, `'write'`, `'timeout'`, `'closed'`: one value for each condition, in this
 *   order. `'closed'` comes once, when the peer has shut down its side or has reset.
 * - **Complete**: when the base is closed; after `'closed'` if nothing else is waited for.
 * - **Error**: {@link LibeventError}: `EBADF` for what is not open; `EPERM` for a file that epoll
 *   cannot watch (poll and select can); `EMFILE` when there is no descriptor for the duplicate, or
 *   only one from 1024 on with select; `ENOTSUP` for `'edge'` without the feature;
 *   `ERR_BASE_CLOSED`.
 * - **Unsubscribe**: stops watching and closes the duplicate; the owner's descriptor stays open.
 *
 * @example
 * ```ts
 * const readable = base.fd(descriptor, { events: ['read', 'closed'] });
 * readable.subscribe((event) => console.log(event));
 * ```
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
    checkOneOf('event', event, FD_EVENTS);
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
