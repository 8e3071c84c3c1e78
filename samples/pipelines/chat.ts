import { ignoreElements, merge, type Observable, type Subject, tap } from 'rxjs';
import { type Connection, lines, sendTo, type WhenSaturated } from 'rxjs-libevent';

export interface ChatEvents {
  line(): void;
  say(what: string): void;
}

/** One guest of a chat: hears the room, and says every line to it. */
export function chat(
  conn: Connection,
  room: Subject<string>,
  whenSaturated: WhenSaturated,
  events?: ChatEvents,
): Observable<never> {
  const name = `guest-${String(conn.remoteAddress.port)}`;
  const heard = room.pipe(sendTo(conn, { whenSaturated }));
  const said = conn.pipe(
    lines({ maxLength: 65536 }),
    tap((line) => {
      events?.line();
      room.next(`${name}: ${line}\n`);
    }),
    ignoreElements(),
  );
  // Hearing ends with the connection, which ends when the guest has left.
  return merge(heard, said).pipe(
    tap({
      finalize: () => {
        if (conn.dropped > 0) events?.say(`${name} has missed ${String(conn.dropped)} lines`);
      },
    }),
  );
}
