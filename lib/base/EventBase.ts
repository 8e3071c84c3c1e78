import { inspect } from 'node:util';
import type { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { checkDescriptor, checkInteger } from '../common/check';
import { connectOptions, type ConnectConfig } from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import type { Session } from '../connection/connectSession';
import { connectWith } from '../connection/connectWith';
import {
  MAX_MS,
  connectionOptions,
  type ConnectionConfig,
  type ConnectionOptions,
} from '../connection/ConnectionConfig';
import { listenOptions, type ListenConfig } from '../connection/ListenConfig';
import { Listener } from '../connection/Listener';
import { openWith } from '../connection/openWith';
import type { RateLimit } from '../connection/RateLimit';
import { checkGroup, type RateLimitGroup } from '../connection/RateLimitGroup';
import { native } from '../native';
import {
  eventBaseConfig,
  featureNames,
  type EventBaseConfig,
  type EventFeature,
} from './EventBaseConfig';
import type { EventBaseStats } from './EventBaseStats';
import { EventSources } from './EventSources';
import { Loop } from './Loop';
import './log';
import { ownerReport } from './baseOwners';
import { adoptedSocket } from './adoptedSocket';
import { closeConnections } from './closeConnections';
import { closedAcceptor } from './closedAcceptor';
import { closedBaseError } from './closedBaseError';
import { noAddresses } from './noAddresses';
import { Reactor } from './Reactor';
import type { ReactorConfig } from './ReactorConfig';
import { RingAcceptor } from './RingAcceptor';
import { RingConnector } from './RingConnector';
import { RingRateLimitGroup } from './RingRateLimitGroup';
import { RingTransport } from './RingTransport';
import { TlsContext } from './TlsContext';

const transportGone = ({ reactor }: RingTransport): void => void (reactor.load -= 1);

/**
 * Reactors: threads, each dispatching an `event_base` of its own.
 *
 * "Where the I/O happens while JavaScript does something else."
 *
 * A base with work (a listener, a connection, a timer) keeps the process alive, an idle one does
 * not. Sockets are accepted on the first reactor and handed to the least loaded.
 *
 * @example
 * ```ts
 * const base = new EventBase({ threads: 1 });
 * base
 *   .listen({ port: 40713 })
 *   .pipe(serve((conn) => conn.pipe(sendTo(conn))))
 *   .subscribe();
 * process.once('SIGTERM', () => void base.close(5000));
 * ```
 *
 * @see event2/event.h `event_base_new_with_config()`, `event_base_dispatch()`
 */
export class EventBase extends EventSources {
  private static shared: EventBase | undefined;

  override readonly priorities: number;
  /** How many threads it has, as `threads` of its options: 0 when JavaScript's turns it. */
  readonly threads: number | 'auto';

  /** @internal */
  protected override readonly loops: Loop;
  /** @internal */
  protected override readonly reactors: Reactor[];
  private readonly acceptors = new Set<RingAcceptor>();
  private readonly connectors = new Set<RingConnector>();
  private readonly stopped: Promise<void>;
  private stopping = false;
  private failure: LibeventError | undefined;
  private running: number;
  private onStopped: () => void = () => undefined;

  /**
   * @throws TypeError, RangeError for options out of bounds
   * @throws LibeventError when no method has what is asked for, or the system has no thread to give
   */
  constructor(config: EventBaseConfig = {}) {
    super();
    const { threads, exitOnEmpty, ...reactorConfig } = eventBaseConfig(config);
    const reactors = threads === 'auto' ? 1 : Math.max(threads, 1);
    this.priorities = reactorConfig.priorities;
    this.threads = threads;
    this.running = reactors;
    this.stopped = new Promise((resolve) => {
      this.onStopped = resolve;
    });
    this.reactors = [];
    this.loops = new Loop(this.reactors, reactors, reactorConfig.dispatch, exitOnEmpty);
    try {
      for (let count = 0; count < reactors; count += 1) {
        this.reactors.push(this.newReactor(reactorConfig));
      }
      // Threads come last: until then everything can still be given back.
      for (const reactor of this.reactors) reactor.start();
    } catch (error) {
      for (const reactor of this.reactors) reactor.discard();
      throw error;
    }
    this.loops.look();
  }

  /** The base that `listen()` and `connect()` use: with the defaults, made when first needed. */
  static get default(): EventBase {
    if (EventBase.shared?.closed !== false) EventBase.shared = new EventBase();
    return EventBase.shared;
  }

  /** Methods that libevent knows here, the best first. @see `event_get_supported_methods()` */
  static get supportedMethods(): readonly string[] {
    return native.supportedMethods();
  }

  /** The polling method in use, e.g. `'epoll'`. @see `event_base_get_method()` */
  get method(): string {
    return this.first.method;
  }

  /** What the method can do. @see `event_base_get_features()` */
  get features(): readonly EventFeature[] {
    return featureNames(this.first.features);
  }

  /** True from the call of {@link EventBase.close}. */
  get closed(): boolean {
    return this.stopping;
  }

  get stats(): EventBaseStats {
    const sum: Record<string, number> = {};
    for (const reactor of this.reactors) {
      for (const [name, count] of Object.entries(reactor.stats)) {
        sum[name] = (sum[name] ?? 0) + count;
      }
    }
    return sum as EventBaseStats;
  }

  /**
   * A listener on this base; see {@link Listener}. It binds when it is subscribed.
   *
   * @throws TypeError, RangeError for options of wrong type or out of bounds
   *
   * @example
   * ```ts
   * const listener = base.listen({ host: '127.0.0.1', port: 0 });
   * listener.bound.subscribe({ next: ({ port }) => console.log(port), error: () => {} });
   * listener.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
   * ```
   */
  listen(config: ListenConfig): Listener {
    const options = listenOptions(config);
    const context = options.tls && TlsContext.for(options.tls);
    this.reactorFor(options.connection);
    return new Listener((handler) => {
      if (this.closed) return closedAcceptor(handler);
      const acceptor = new RingAcceptor(
        this.first,
        options,
        (fd) => this.take(fd, options.connection),
        handler,
        (gone) => this.acceptors.delete(gone),
        context,
      );
      this.acceptors.add(acceptor);
      return acceptor;
    }, options);
  }

  /**
   * One connection to an address, as long as it is subscribed to.
   *
   * "Connect, hand it over, and say how it ends."
   *
   * ```
   * connected    ---C
   * peer's end            |
   * connect      ---C-----|
   * refused      ---#
   * ```
   *
   * A name is resolved by Node, and its addresses are tried as RFC 8305 says, the families taking
   * turns: the next one when an attempt has failed, or after `attemptDelayMs` beside those that have
   * not answered. The first to connect wins. The result stays open with its connection.
   *
   * With a `session` it is as RxJS's `using`: the session runs on the connection, and what it emits is
   * emitted. When it has completed, the connection flushes, sends FIN and closes, and then the result
   * completes; when it fails, the connection is reset, and the result fails. A session ends, too, when
   * its connection is cut, with its error; one that ends in order leaves it to finish, as `serve` does.
   * So `connect(config, session).pipe(retry({ delay }))` is a reconnecting client.
   *
   * - **Subscribe**: cold; looks the name up and connects. The base keeps the process alive.
   * - **Next**: the {@link Connection}, once, when it is open (`BEV_EVENT_CONNECTED`); or what the
   *   session emits.
   * - **Complete**: when the connection is gone, after the peer's FIN and its own; when the base is
   *   closed.
   * - **Error**: {@link LibeventError} of the last address to fail (`ECONNREFUSED`, `ETIMEDOUT`,
   *   `ENETUNREACH`, `ENOENT` …), with those of all addresses as `errors`; `ENOTFOUND` and others of
   *   `getaddrinfo`; `ERR_CLOSED` when its rate-limit group is closed meanwhile; what ends the open connection (`ECONNRESET` …); an `AbortError` by `signal`.
   * - **Unsubscribe**: gives the attempt up and frees it. An open connection is closed gracefully:
   *   what has been written is sent, then FIN, within `closeDeadlineMs`.
   *
   * @throws TypeError, RangeError for options of wrong type or out of bounds
   *
   * @example
   * ```ts
   * base
   *   .connect({ host: 'localhost', port: 40713 }, (conn) => {
   *     conn.next('Hello\n');
   *     return conn.pipe(lines(), take(1));
   *   })
   *   .subscribe((answer) => console.log(answer));
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_socket_connect()`
   */
  connect(config: ConnectConfig): Observable<Connection>;
  connect<T>(config: ConnectConfig, session: Session<T>): Observable<T>;
  connect<T>(config: ConnectConfig, session?: Session<T>): Observable<T> {
    const options = connectOptions(config);
    const context = options.tls && TlsContext.for(options.tls);
    this.reactorFor(options.connection);
    const findTransport = () => this.newTransport(options.connection);
    return connectWith(
      options,
      (handler) => new RingConnector(options, handler, findTransport, this.connectors, context),
      session,
    );
  }

  /**
   * Connects, and gives the connection to the caller, who closes it.
   *
   * "For scripts and tests: `await using conn = await base.open(config)`."
   *
   * As {@link EventBase.connect}, except that nothing closes the connection but its owner, an abort of
   * `signal`, or its end.
   *
   * @returns rejects with what `connect` fails with, and `ERR_BASE_CLOSED`
   * @throws TypeError, RangeError for options of wrong type or out of bounds
   *
   * @example
   * ```ts
   * await using conn = await base.open({ port: 40713 });
   * conn.next('Hello\n');
   * ```
   */
  open(config: ConnectConfig): Promise<Connection> {
    return openWith(this.connect(config));
  }

  /**
   * Two joined connections without a socket: what one is given, the other emits.
   *
   * libevent counts no bytes of a pair and gives it no priority, so there is no rate limit.
   *
   * @throws TypeError, RangeError for options out of bounds; LibeventError `ENOTSUP` for a rate
   *   limit, a group or a priority, `ERR_BASE_CLOSED`
   *
   * @example
   * ```ts
   * const [a, b] = base.pair();
   * b.pipe(sendTo(b)).subscribe();
   * a.subscribe((echo) => console.log(String(echo)));
   * a.next('Hello');
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_pair_new()`
   */
  pair(config: ConnectionConfig = {}): [Connection, Connection] {
    const options = connectionOptions(config);
    const { rateLimit, rateLimitGroup, priority } = options;
    if (rateLimit !== undefined || rateLimitGroup !== undefined || priority !== undefined) {
      const detail = 'a pair has neither rate limits nor a priority';
      throw new LibeventError('ENOTSUP', 'bufferevent_pair_new', { detail });
    }
    this.checkOpen('bufferevent_pair_new');
    const reactor = this.leastLoaded;
    const first = this.newTransport(options, reactor);
    const second = this.newTransport(options, reactor);
    first.pair(second, options.read.high);
    return [first.carry(options, noAddresses), second.carry(options, noAddresses)];
  }

  /**
   * A connection of a socket that is open already: inherited, received from another process, or taken
   * from another library.
   *
   * The base gets a duplicate, so the descriptor stays the caller's to close: the peer sees the end
   * when both are closed. The two share their file status, which becomes non-blocking. Nobody else
   * should read it or write to it.
   *
   * @param fd - a stream socket that is connected; to listen on one, `listen({ fd })`
   * @throws TypeError, RangeError for arguments of wrong type or out of bounds; LibeventError `EBADF`,
   *   `ENOTSOCK`, `ENOTSUP` and `ENOTCONN` for what is no such socket, `ERR_BASE_CLOSED`
   *
   * @example
   * ```ts
   * // A socket that the parent process has passed on as descriptor 3.
   * const conn = base.adopt(3);
   * conn.pipe(sendTo(conn)).subscribe();
   * ```
   *
   * @see event2/bufferevent.h `bufferevent_socket_new()`
   */
  adopt(fd: number, config: ConnectionConfig = {}): Connection {
    checkDescriptor(fd, 0);
    const options = connectionOptions(config);
    this.reactorFor(options);
    this.checkOpen('adopt');
    const adopted = adoptedSocket(fd);
    return this.take(adopted.fd, options).carry(options, adopted.addresses);
  }

  /**
   * A token bucket for several connections, see {@link RateLimitGroup}.
   *
   * @throws TypeError, RangeError for a limit out of bounds
   *
   * @example
   * ```ts
   * // All clients together are read at 1 MB a second.
   * const rateLimitGroup = base.rateLimitGroup({ readBytesPerSecond: 1_000_000 });
   * base
   *   .listen({ port: 40713, rateLimitGroup })
   *   .pipe(serve((conn) => conn.pipe(sendTo(conn))))
   *   .subscribe();
   * ```
   */
  rateLimitGroup(limit: RateLimit): RateLimitGroup {
    this.checkOpen('bufferevent_rate_limit_group_new');
    return new RingRateLimitGroup(this.leastLoaded, limit);
  }

  /**
   * Ends everything that runs on this base, then its threads.
   *
   * @param deadlineMs - sends output for this many ms first. Default: 0, now. Bounds: 0 to
   *   2147483647
   * @returns when the threads have ended; calls after the first get the same promise
   *
   * @example
   * ```ts
   * await base.close(5000);
   * ```
   */
  close(deadlineMs = 0): Promise<void> {
    checkInteger('deadlineMs', deadlineMs, 0, MAX_MS, 'ms');
    void this.stop(deadlineMs);
    return this.stopped;
  }

  /** @internal One line instead of its insides. */
  [inspect.custom](): string {
    const handlers = this.reactors.reduce((sum, reactor) => sum + reactor.handlers.size, 0);
    const state = this.closed ? 'closed' : 'open';
    return `EventBase { ${this.method}, threads: ${String(this.threads)}, handlers: ${String(handlers)}, ${state} }`;
  }

  private async stop(deadlineMs: number, error?: LibeventError): Promise<void> {
    if (this.stopping) return;
    this.stopping = true;
    for (const acceptor of [...this.acceptors]) acceptor.end(error);
    for (const connector of [...this.connectors]) connector.abandon(error);
    if (deadlineMs > 0) await closeConnections(this.connections, deadlineMs);
    for (const reactor of this.reactors) reactor.stop();
  }

  private newReactor(config: ReactorConfig): Reactor {
    return new Reactor(config, {
      looped: (end, run) => {
        this.loops.looped(end, run);
      },
      active: () => {
        this.loops.look();
      },
      handedOver: ownerReport(this),
      stopped: (error) => {
        this.reactorStopped(error);
      },
    });
  }

  /** @internal */
  protected override get first(): Reactor {
    return this.reactors[0] as Reactor;
  }

  /** @param fd - on its way */
  private take(fd: number, options: ConnectionOptions): RingTransport {
    let transport: RingTransport;
    try {
      transport = this.newTransport(options);
    } catch (error) {
      native.discardDescriptor(fd);
      throw error;
    }
    transport.adopt(fd, options.read.high);
    return transport;
  }

  /** @throws LibeventError when the base is closed, or its reactor has no room */
  private newTransport(
    options: ConnectionOptions,
    reactor = this.reactorFor(options),
  ): RingTransport {
    this.checkOpen('connect');
    const transport = new RingTransport(reactor, transportGone);
    reactor.load += 1;
    return transport;
  }

  /** Those that are open, or on their way to their end. */
  private get connections(): Connection[] {
    return this.reactors
      .flatMap(({ handlers }) => handlers.all)
      .map((handler) => (handler instanceof RingTransport ? handler.connection : undefined))
      .filter((connection) => connection !== undefined);
  }

  private get leastLoaded(): Reactor {
    return this.reactors.reduce((least, reactor) => (reactor.load < least.load ? reactor : least));
  }

  private checkOpen(call: string): void {
    if (this.closed) throw closedBaseError(call);
  }

  /** A reactor that can do what the options ask. The members of a rate-limit group share its one. */
  private reactorFor({ rateLimitGroup, priority }: ConnectionOptions): Reactor {
    const { priorities } = this.first;
    if (priority !== undefined) checkInteger('priority', priority, 0, priorities - 1, 'levels');
    if (rateLimitGroup === undefined) return this.leastLoaded;
    checkGroup('rateLimitGroup', rateLimitGroup);
    const reactor = this.reactors.find((own) => own === rateLimitGroup.reactor);
    if (reactor !== undefined) return reactor;
    const detail = 'the group belongs to another base';
    throw new LibeventError('ERR_OTHER_BASE', 'bufferevent_add_to_rate_limit_group', { detail });
  }

  private reactorStopped(error: LibeventError | undefined): void {
    this.running -= 1;
    this.failure ??= error;
    if (error !== undefined) void this.stop(0, error);
    if (this.running > 0) return;
    this.loops.close(this.failure);
    this.onStopped();
  }
}
