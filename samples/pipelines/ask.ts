import { map, merge, type Observable } from 'rxjs';
import { type Connection, lines, sendTo } from 'rxjs-libevent';

/** Sends a numbered question at every tick, and emits the answers. */
export function ask(conn: Connection, ticks: Observable<number>): Observable<string> {
  return merge(
    ticks.pipe(
      map((number) => `question ${number}\n`),
      sendTo(conn),
    ),
    conn.pipe(lines()),
  );
}
