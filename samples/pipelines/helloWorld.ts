import { type Observable, of } from 'rxjs';
import { type Connection, sendTo } from 'rxjs-libevent';

/** One message; its end is the connection's, once it has left. */
export function helloWorld(conn: Connection): Observable<never> {
  return of('Hello, World!\n').pipe(sendTo(conn));
}
