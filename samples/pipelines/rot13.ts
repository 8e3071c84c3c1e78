import { type Observable, map } from 'rxjs';
import { type Connection, lines, sendTo } from 'rxjs-libevent';
import { rotate13 } from '../support/rotate13';

const byLine = lines({
  eol: 'lf',
  encoding: 'buffer',
  maxLength: 16384,
  whenTooLong: 'split',
  keepEol: true,
});

/** Answers every line rotated by 13. A line is nobody else's, so it is rotated where it stands. */
export function rot13(conn: Connection, onLine: () => void = () => undefined): Observable<never> {
  const answer = map((line: Buffer) => {
    onLine();
    return rotate13(line);
  });
  return conn.pipe(byLine, answer, sendTo(conn));
}
