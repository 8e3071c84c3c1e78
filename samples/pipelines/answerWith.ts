import { map, type Observable } from 'rxjs';
import { type Connection, lines, sendTo } from 'rxjs-libevent';

/** Answers every line with a name in front of it. */
export function answerWith(name: string): (conn: Connection) => Observable<never> {
  return (conn) =>
    conn.pipe(
      lines(),
      map((line) => `${name}: ${line}\n`),
      sendTo(conn),
    );
}
