import { EMPTY, type Observable, concat, concatMap, defer, map, takeWhile, tap } from 'rxjs';
import { type Connection, lines, sendTo, startTls } from 'rxjs-libevent';
import { type MailAnswer, MailDialogue } from '../support/MailDialogue';
import type { SelfSigned } from '../support/selfSigned';

/** Answers until the dialogue comes to something else, and says what. */
function answers(
  conn: Connection,
  dialogue: MailDialogue,
  ended: (next: MailAnswer['next']) => void,
): Observable<never> {
  return conn.pipe(
    lines({ maxLength: 1000 }),
    map((line) => dialogue.answer(line)),
    tap(({ next }) => {
      ended(next);
    }),
    takeWhile(({ next }) => next === 'line', true),
    map(({ text }) => text),
    sendTo(conn),
  );
}

/** A plain dialogue, then a handshake, then the same dialogue secured. */
export function starttls(identity: SelfSigned): (conn: Connection) => Observable<unknown> {
  return (conn) => {
    let next: MailAnswer['next'] = 'line';
    const note = (what: MailAnswer['next']): void => {
      next = what;
    };
    conn.next('220 localhost ESMTP\r\n');
    return concat(
      answers(conn, new MailDialogue('plain'), note),
      defer(() =>
        next === 'handshake' ? startTls(conn, { ...identity, isServer: true }) : EMPTY,
      ).pipe(concatMap((secured) => answers(secured, new MailDialogue('secured'), note))),
    );
  };
}
