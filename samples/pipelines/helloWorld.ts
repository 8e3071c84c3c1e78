import { type Observable, of } from 'rxjs';
import { type Connection, sendTo } from 'rxjs-libevent';

/** One message. When it has been sent, the connection ends. */
export function helloWorld(conn: Connection): Observable<never> {
  return of('Hello, World!\n').pipe(sendTo(conn));
}
