import { Observable, ReplaySubject, Subject, type Subscriber } from 'rxjs';
import type { AddressInfo } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import type { Release } from '../flow/Release';
import type { Acceptor, AcceptorHandler } from './Acceptor';
import type { Connection } from './Connection';
import { Listening } from './Listening';

/** Opens an acceptor; what happens to it is told to the handler, later. */
export type OpenAcceptor = (handler: AcceptorHandler) => Acceptor;

/**
 * The connections that arrive at an address.
 *
 * "Listens while you are subscribed."
 *
 * ```
 * peers      --c---c-------c--
 * listener   --C---C-------C--
 * hold         ....(    )
 * ```
 *
 * A held listener does not accept: the surplus waits in the kernel's backlog, as it does while
 * `maxConnections` are open.
 *
 * - **Subscribe**: cold; opens, binds and listens. {@link Listener.bound} tells the address.
 * - **Next**: a {@link Connection} that is open and the subscriber's to end.
 * - **Complete**: when the base is closed.
 * - **Error**: {@link LibeventError} of `socket`, `bind`, `listen` or the look-up of the name:
 *   `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND` …
 * - **Unsubscribe**: the socket closes; connections that were emitted stay open.
 *
 * @see event2/listener.h `evconnlistener_new()`
 */
export class Listener extends Observable<Connection> {
  private readonly boundSubject = new ReplaySubject<AddressInfo>(1);
  private readonly errorSubject = new Subject<LibeventError>();
  private readonly open = new Set<Listening>();
  private readonly holds = new Set<{ readonly cause: unknown; readonly releases: Release[] }>();

  /** @internal Listeners come from `listen`. */
  constructor(openAcceptor: OpenAcceptor, maxConnections: number) {
    super((subscriber: Subscriber<Connection>) => {
      const listening = new Listening(subscriber, maxConnections, {
        onBound: (address) => {
          this.boundSubject.next(address);
        },
        onTrouble: (error) => {
          this.errorSubject.next(error);
        },
      });
      this.open.add(listening);
      for (const { cause, releases } of this.holds) releases.push(listening.hold(cause));
      subscriber.add(() => {
        this.open.delete(listening);
        listening.close();
      });
      listening.start(openAcceptor);
    });
  }

  /** The address, once it is bound; late subscribers have the latest. */
  get bound(): Observable<AddressInfo> {
    return this.boundSubject;
  }

  /**
   * Trouble that passes: accepting has failed (`EMFILE`) and is tried again. Said once each time.
   *
   * @see event2/listener.h `evconnlistener_set_error_cb()`
   */
  get errors(): Observable<LibeventError> {
    return this.errorSubject;
  }

  /** Stops accepting until the returned function is called; later subscriptions begin held. */
  hold(cause: unknown = 'hold'): Release {
    const releases = [...this.open].map((listening) => listening.hold(cause));
    const hold = { cause, releases };
    this.holds.add(hold);
    return () => {
      this.holds.delete(hold);
      for (const release of releases.splice(0)) release();
    };
  }
}
