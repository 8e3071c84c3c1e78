import { endWith, ignoreElements, merge, type Observable, type Subject, take, tap } from 'rxjs';
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
): Observable<string> {
  const name = `guest-${String(conn.remoteAddress.port)}`;
  const heard = room.pipe(sendTo(conn, { whenSaturated }));
  const said = conn.pipe(
    lines({ maxLength: 65536 }),
    tap((line) => {
      events?.line();
      room.next(`${name}: ${line}\n`);
    }),
    ignoreElements(),
    endWith('left'),
  );
  // Listening has no end of its own: it ends with the speaking.
  return merge(heard, said).pipe(
    take(1),
    tap({
      finalize: () => {
        if (conn.dropped > 0) events?.say(`${name} has missed ${String(conn.dropped)} lines`);
      },
    }),
  );
}
