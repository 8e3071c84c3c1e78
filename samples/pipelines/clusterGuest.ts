import {
  catchError,
  EMPTY,
  firstValueFrom,
  from,
  map,
  merge,
  type Observable,
  of,
  switchMap,
} from 'rxjs';
import { concatMapHeld, type Connection, lines, sendTo } from 'rxjs-libevent';
import type { Rooms } from './Rooms';

const JOIN = /^join (?<room>[\w-]{1,64}) (?<name>[\w-]{1,64}) (?<after>\d{1,15})$/;
const SAY = /^say (?<id>[\w-]{1,64}) (?<text>.*)$/;
const byLine = lines({ maxLength: 4096 });

/**
 * A guest of one node. It says `join ROOM NAME AFTER`, and hears `SEQUENCE NAME TEXT`, each line behind
 * that sequence. What it says, as `say ID TEXT`, is answered `ok ID SEQUENCE` when it is stored, else
 * `error ID REASON`: then it says that again, here or at another node, with the same ID. A guest whose
 * node has gone joins another one with the last sequence it has heard. A name is one guest's.
 */
export function clusterGuest(conn: Connection, rooms: Rooms): Observable<never> {
  const joined = firstValueFrom(conn.pipe(byLine), { defaultValue: undefined });
  return from(joined).pipe(
    switchMap((line) => {
      if (line === undefined) return EMPTY;
      const { room, name, after } = JOIN.exec(line)?.groups ?? {};
      if (room === undefined || name === undefined) throw new Error(`not a join: ${line}`);
      return merge(hear(conn, rooms, room, Number(after)), speak(conn, rooms, room, name));
    }),
  );
}

/** A guest that does not read holds its own consumer, and nobody else's. */
function hear(conn: Connection, rooms: Rooms, room: string, after: number): Observable<never> {
  return rooms.lines(room, after).pipe(
    map(({ sequence, text }) => `${String(sequence)} ${text}\n`),
    sendTo(conn),
  );
}

/** One line after the other: a guest is held until what it has said is stored. */
function speak(conn: Connection, rooms: Rooms, room: string, name: string): Observable<never> {
  const say = (line: string): Observable<string> => {
    const { id, text } = SAY.exec(line)?.groups ?? {};
    if (id === undefined || text === undefined) return of('error - not a command\n');
    return from(rooms.say(room, `${name}.${id}`, `${name} ${text}`)).pipe(
      map((sequence) => `ok ${id} ${String(sequence)}\n`),
      catchError((error: Error) => of(`error ${id} not known to be stored: ${error.message}\n`)),
    );
  };
  return conn.pipe(byLine, concatMapHeld(say), sendTo(conn));
}
