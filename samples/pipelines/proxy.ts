import { type Observable, switchMap } from 'rxjs';
import { type Connection, relay } from 'rxjs-libevent';

/** Relays a connection to one of its own, in both directions. */
export function proxy(client: Connection, target: Observable<Connection>): Observable<never> {
  return target.pipe(switchMap((server) => relay(client, server)));
}
