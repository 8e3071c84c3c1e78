import {
  Observable,
  type ObservableInput,
  type Observer,
  type OperatorFunction,
  type Subscription,
  endWith,
  from,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import { SubscriberContext } from '../common/SubscriberContext';
import { checkFunction } from '../common/check';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { inSubscriberContext } from '../common/inSubscriberContext';
import {
  type Arrivals,
  acceptorOf,
  currentSubscribing,
  enterSubscribing,
  type Holdable,
  type Release,
} from '../flow/Source';
import type { Connection } from './Connection';
import { MAX_MS } from './ConnectionConfig';
import { reportSessionError, type SessionHandler } from './reportSessionError';
import { ServeSession, type Serving } from './ServeSession';

/** Options of {@link serve}. */
export interface ServeConfig {
  /** Connections that are served at once; accepting stops above. Default: no limit. Bounds: 1 up. */
  readonly concurrency?: number;
  /**
   * Called with a pipeline's error, which ends only its own connection. Default: the process warns
   * (`RXJS_LIBEVENT_SESSION_ERROR`), once for each handler. Either way every error is published on the
   * diagnostics channel `'rxjs-libevent:session:error'` as a {@link SessionErrorMessage}.
   */
  readonly onError?: (error: unknown, connection: Connection) => void;
  /**
   * Its first value, or its completion, begins the shutdown: listeners close as by
   * {@link Listener.close}, so clients that are connected by then are served, and the result completes when
   * all connections have ended.
   */
  readonly shutdown?: ObservableInput<unknown>;
  /**
   * How long open pipelines may go on in a shutdown, in ms. A connection that `concurrency` has kept
   * out until then is closed. Default: 10000. Bounds: 0 up.
   */
  readonly shutdownDeadlineMs?: number;
  /**
   * How long, in ms, a connection whose pipeline has ended may take to flush, without progress, and
   * to see the peer's end; and how long a pipeline may go on when its connection has ended, unless a
   * held stage works in it. Default: 5000.
   */
  readonly closeDeadlineMs?: number;
}

const OPTIONS = {
  concurrency: option.limit('connections'),
  onError: option.optional(option.callback<NonNullable<ServeConfig['onError']>>()),
  shutdown: option.other<ObservableInput<unknown>>(),
  shutdownDeadlineMs: option.integer('ms', 0, MAX_MS, 10000),
  closeDeadlineMs: option.integer('ms', 1, MAX_MS, 5000),
} satisfies OptionTable<ServeConfig>;

/** Subscribes, and reports the listeners that are subscribed to by that. */
function subscribeWith(
  onAcceptor: (acceptor: Holdable) => void,
  source: Observable<Connection>,
  observer: Observer<Connection>,
): Subscription {
  const outer = currentSubscribing();
  enterSubscribing({ outer, onAcceptor });
  try {
    return source.subscribe(observer);
  } finally {
    enterSubscribing(outer);
  }
}

/**
 * Runs a pipeline for every connection and closes the connection when its pipeline ends.
 *
 * "One pipeline each; one that fails takes nobody with it."
 *
 * ```
 * connections   --A-----B------------
 * A's pipeline    a--a--|
 * B's pipeline          b--b--#        reset; the server goes on
 * serve         ---------------------
 * ```
 *
 * A connection that ends in order leaves its pipeline alone: what a held stage is at work on still
 * comes out. An error, `reset`, `destroy` or a deadline unsubscribes it.
 *
 * - **Subscribe**: subscribes to the source of connections.
 * - **Next**: never. A handler that returns what is no source fails its session with a `TypeError`.
 * - **Complete**: the source has completed, as its listeners do in a `shutdown`, and all connections
 *   have ended. A source that goes on beside its listeners is unsubscribed when `shutdownDeadlineMs`
 *   have passed; one that no listener feeds, at once.
 * - **Error**: the source's: it cannot listen.
 * - **Unsubscribe**: stops listening and destroys every connection at once: also those that a stage
 *   between the listener and this, as `mergeMap(async …)`, has not passed on, unless somebody reads them.
 *
 * @param handler - makes a connection's pipeline; what it emits is not looked at
 *
 * @example
 * ```ts
 * const shutdown = fromEvent(process, 'SIGTERM');
 * listen({ port: 40713 })
 *   .pipe(
 *     serve((conn) => conn.pipe(lines(), map((line) => `${line}!\n`), sendTo(conn)), {
 *       shutdown,
 *       onError: (error, conn) => console.warn(conn.remoteAddress, error),
 *     }),
 *   )
 *   .subscribe({ complete: () => console.log('all have been served') });
 * ```
 */
export function serve(
  handler: SessionHandler,
  config: ServeConfig = {},
): OperatorFunction<Connection, never> {
  checkFunction('handler', handler);
  const { concurrency, onError, shutdown, shutdownDeadlineMs, closeDeadlineMs } = checkedOptions(
    'config',
    config,
    OPTIONS,
  );

  return (source) =>
    inSubscriberContext(
      new Observable<never>((subscriber) => {
        const sessions = new Set<ServeSession>();
        let full: Release | undefined;
        let ending = false;

        const serving: Serving = {
          handler,
          context: new SubscriberContext(),
          closeDeadlineMs,
          onError: (error, connection) => {
            reportSessionError({ error, connection, handler }, onError !== undefined);
            onError?.(error, connection);
          },
          ended: (session) => {
            sessions.delete(session);
            if (sessions.size < concurrency) {
              full?.();
              full = undefined;
            }
            if (ending && sessions.size === 0) subscriber.complete();
          },
        };
        const end = (): void => {
          ending = true;
          abandon();
          if (sessions.size === 0) subscriber.complete();
        };

        const acceptors = new Set<Holdable>();
        /** A stage in front of this has no consumer any more. */
        const abandon = (): void => {
          for (const acceptor of acceptors) acceptor.arrivals?.()?.abandon();
        };
        const see = (acceptor: Holdable): Arrivals | undefined => {
          acceptors.add(acceptor);
          return acceptor.arrivals?.();
        };
        const listening = subscribeWith(see, source, {
          next: (connection) => {
            const acceptor = acceptorOf(connection);
            // A listener that `retry` has subscribed to is first seen by what it accepts.
            if (acceptor !== undefined) see(acceptor)?.take(connection);
            const session = new ServeSession(connection, serving);
            sessions.add(session);
            if (sessions.size >= concurrency) full ??= acceptor?.hold('concurrency');
            session.start();
          },
          error: (error: unknown) => {
            subscriber.error(error);
          },
          complete: end,
        });
        subscriber.add(listening);
        subscriber.add(() => {
          for (const session of sessions) session.destroy();
          abandon();
        });

        if (shutdown === undefined) return;
        const stopListening = (): void => {
          listening.unsubscribe();
          end();
        };
        const shuttingDown = from(shutdown)
          .pipe(
            endWith(undefined),
            take(1),
            tap(() => {
              let closing = 0;
              for (const acceptor of acceptors)
                if (acceptor.stopAccepting?.() === true) closing += 1;
              if (closing === 0) stopListening();
            }),
            switchMap(() => timer(shutdownDeadlineMs)),
          )
          .subscribe({
            next: () => {
              stopListening();
              for (const session of sessions) session.finish();
            },
            error: (error: unknown) => {
              subscriber.error(error);
            },
          });
        subscriber.add(shuttingDown);
      }),
    );
}
