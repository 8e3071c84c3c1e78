import { concat, map, type Observable, take } from 'rxjs';
import {
  type Connection,
  encodeLengthPrefixed,
  lengthPrefixed,
  lines,
  sendTo,
} from 'rxjs-libevent';

const frameSize = { prefixBytes: 2 } as const;

function accept(line: string): string {
  if (line !== 'upgrade to frames') throw new Error(`not a handshake: ${JSON.stringify(line)}`);
  return 'upgraded\n';
}

/** A handshake in text, then frames with a length in front, answered in capitals. */
export function upgrade(conn: Connection): Observable<never> {
  return concat(
    conn.pipe(lines({ maxLength: 80 }), take(1), map(accept), sendTo(conn)),
    conn.pipe(
      lengthPrefixed(frameSize),
      map((frame) => frame.toString().toUpperCase()),
      encodeLengthPrefixed(frameSize),
      sendTo(conn),
    ),
  );
}
