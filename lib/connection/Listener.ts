import { inspect } from 'node:util';
import { Observable, ReplaySubject, Subject, type Subscriber } from 'rxjs';
import type { AddressInfo } from '../common/AddressInfo';
import { endpointText } from '../common/endpointText';
import type { LibeventError } from '../common/LibeventError';
import { inSubscriberContext } from '../common/inSubscriberContext';
import { currentSubscribing, type Release } from '../flow/Source';
import type { Acceptor, AcceptorHandler } from './Acceptor';
import type { Connection } from './Connection';
import type { ListenOptions } from './ListenConfig';
import { type AcceptLimits, Listening } from './Listening';
import { onAbort } from './onAbort';

/** Opens an acceptor, which reports to the handler, later. */
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
 * - **Subscribe**: cold; opens, binds and listens. {@link Listener.bound} emits the address.
 * - **Next**: a {@link Connection} that is open and the subscriber's to end.
 * - **Complete**: behind {@link Listener.close}; when the base is closed.
 * - **Error**: {@link LibeventError} of `socket`, `bind`, `listen` or the look-up of the name:
 *   `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, `ENOTFOUND` …; an `AbortError` by `signal`.
 * - **Unsubscribe**: the socket closes, and its file goes; connections that were emitted stay open,
 *   those that were not are reset: {@link Listener.close} emits them.
 *
 * @example
 * ```ts
 * const listener = listen({ port: 40713, maxConnections: 1000 });
 * // The pipeline has its error, too.
 * listener.bound.subscribe({ next: ({ port }) => console.log(port), error: () => {} });
 * listener.errors.subscribe((error) => console.warn(error.code));
 * listener.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
 * ```
 *
 * @see event2/listener.h `evconnlistener_new()`
 */
export class Listener extends Observable<Connection> {
  private address = new ReplaySubject<AddressInfo>(1);
  private readonly errorSubject = new Subject<LibeventError>();
  private readonly handshakeErrorSubject = new Subject<LibeventError>();
  private readonly open = new Set<Listening>();
  private referenced = true;
  private readonly holds = new Set<{ readonly cause: unknown; readonly releases: Release[] }>();

  /** @internal Listeners come from `listen`. */
  constructor(openAcceptor: OpenAcceptor, limits: AcceptLimits & Pick<ListenOptions, 'signal'>) {
    super((subscriber: Subscriber<Connection>) => {
      const { signal } = limits;
      let failure: Error | undefined;
      const listening = new Listening(subscriber, limits, {
        onBound: (address) => {
          this.address.next(address);
        },
        onTrouble: (error) => {
          this.errorSubject.next(error);
        },
        onHandshakeFailed: (error) => {
          this.handshakeErrorSubject.next(error);
        },
        onEnded: (error) => {
          failure = error;
        },
      });
      for (let sink = currentSubscribing(); sink !== undefined; sink = sink.outer) {
        sink.onAcceptor?.(listening.source);
      }
      this.open.add(listening);
      for (const { cause, releases } of this.holds) releases.push(listening.hold(cause));
      subscriber.add(() => {
        this.open.delete(listening);
        listening.stop();
        if (this.open.size === 0) this.forgetAddress(failure);
      });
      if (signal !== undefined) {
        subscriber.add(
          onAbort(signal, (error) => {
            failure = error;
            listening.context.callError(subscriber, error);
          }),
        );
        if (signal.aborted) return;
      }
      listening.start(openAcceptor);
      if (!this.referenced) listening.reference(false);
    });
  }

  /**
   * The address, once it is bound; late subscribers have it while the listener listens.
   *
   * - **Subscribe**: hot; waits for the listener to be subscribed.
   * - **Next**: the address of each socket, as several subscribers of the listener have one each.
   * - **Complete**: when the last subscriber of the listener has gone.
   * - **Error**: what the last of them has failed with.
   * - **Unsubscribe**: nothing else happens.
   */
  get bound(): Observable<AddressInfo> {
    return inSubscriberContext(new Observable((subscriber) => this.address.subscribe(subscriber)));
  }

  /**
   * Trouble that passes: accepting has failed (`EMFILE`) and is tried again. Said once each time.
   *
   * @see event2/listener.h `evconnlistener_set_error_cb()`
   */
  get errors(): Observable<LibeventError> {
    return inSubscriberContext(this.errorSubject);
  }

  /**
   * Handshakes that have failed: each ends its own connection, and nothing else. The address is that of
   * the peer.
   */
  get handshakeErrors(): Observable<LibeventError> {
    return inSubscriberContext(this.handshakeErrorSubject);
  }

  /** The causes given to {@link Listener.hold} that hold it now. */
  get heldBy(): readonly unknown[] {
    return [...this.holds].map(({ cause }) => cause);
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

  /**
   * The descriptor of the socket, for a child process to inherit: `spawn(…, { stdio: [0, 1, 2, fd] })`,
   * and there `listen({ fd: 3 })`. It stays the listener's, which closes it. Undefined while nothing is
   * bound, and in virtual time; of several subscribers it is that of the last one.
   *
   * @see event2/listener.h `evconnlistener_get_fd()`
   */
  get fd(): number | undefined {
    let last: number | undefined;
    for (const { fd } of this.open) last = fd ?? last;
    return last;
  }

  /**
   * Stops listening, and emits the connections that exist already; then it completes, for each of its
   * subscribers.
   *
   * Those are the connections that were accepted and not yet emitted, that wait in the kernel's queue, or
   * whose TLS handshake is under way. Holds still count: what `maxConnections` or a `hold` keeps back is
   * emitted behind them. A client that comes later is refused. The queue of a socket that was given as `fd` stays
   * what it is: others may accept from it.
   */
  close(): void {
    for (const listening of [...this.open]) listening.stopAccepting();
  }

  /** Keeps the process alive while it listens; that is how a listener begins. */
  ref(): this {
    return this.reference(true);
  }

  /** Lets the process end though it listens, until {@link Listener.ref}. */
  unref(): this {
    return this.reference(false);
  }

  private reference(on: boolean): this {
    this.referenced = on;
    for (const listening of this.open) listening.reference(on);
    return this;
  }

  /** @internal One line instead of its insides. */
  [inspect.custom](): string {
    let where = '';
    this.address
      .subscribe((address) => {
        where = `${endpointText(address)}, `;
      })
      .unsubscribe();
    const state = this.open.size === 0 ? 'not listening' : 'listening';
    return `Listener { ${where}${state}${this.holds.size === 0 ? '' : ', held'} }`;
  }

  /** Nobody listens any more. Who subscribes again begins anew. */
  private forgetAddress(failure: Error | undefined): void {
    const { address } = this;
    this.address = new ReplaySubject<AddressInfo>(1);
    if (failure === undefined) address.complete();
    else address.error(failure);
  }
}
