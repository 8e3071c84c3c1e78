/**
 * A TCP relay: every connection that is accepted gets one of its own to the target.
 *
 * Each end holds the other: who reads slowly slows down who sends, and no more than the watermarks
 * waits in between. A half-close passes as a half-close, a reset as a reset.
 */
import { merge, type Observable, skip, switchMap, takeUntil, tap } from 'rxjs';
import { type Connection, EventBase, sendTo, serve } from 'rxjs-libevent';
import { hostAndPort } from './support/hostAndPort';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverCommand, type ServerOptions } from './support/serverOptions';

interface ProxyOptions extends ServerOptions {
  readonly to: ReturnType<typeof hostAndPort>;
}

/** One direction: bytes, then the end as it was, FIN or RST. */
function relay(from: Connection, to: Connection): Observable<never> {
  return from.pipe(
    sendTo(to),
    tap({
      complete: () => {
        to.complete();
      },
      error: (error) => {
        to.error(error);
      },
    }),
  );
}

const { host, port, threads, to } = serverCommand('proxy', 'Relays every connection to a target.')
  .requiredOption('--to <host:port>', 'target', hostAndPort)
  .parse()
  .opts<ProxyOptions>();
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

listener
  .pipe(
    tap(live.connection),
    serve(
      (client) =>
        base
          .connect({ ...to, allowHalfOpen: true })
          .pipe(switchMap((target) => merge(relay(client, target), relay(target, client)))),
      {
        onError: live.say,
        shutdown: stop.pipe(tap(live.finishing)),
      },
    ),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
