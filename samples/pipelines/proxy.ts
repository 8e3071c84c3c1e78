import { merge, type Observable, switchMap, tap } from 'rxjs';
import { type Connection, sendTo } from 'rxjs-libevent';

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

/** Relays a connection to one of its own, in both directions. */
export function proxy(client: Connection, target: Observable<Connection>): Observable<never> {
  return target.pipe(switchMap((server) => merge(relay(client, server), relay(server, client))));
}
