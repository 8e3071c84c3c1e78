import { type Observable, map, tap } from 'rxjs';
import { type Connection, lines, sendTo } from 'rxjs-libevent';
import { rotate13 } from '../support/rotate13';

const byLine = lines({
  eol: 'lf',
  encoding: 'latin1',
  maxLength: 16384,
  whenTooLong: 'split',
  keepEol: true,
});

/** Answers every line rotated by 13. */
export function rot13(conn: Connection, onLine: () => void = () => undefined): Observable<never> {
  return conn.pipe(byLine, tap(onLine), map(rotate13), sendTo(conn));
}
