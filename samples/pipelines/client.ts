import { concatWith, map, merge, type Observable, retry, throwError } from 'rxjs';
import { type Connection, type EventBase, lines, sendTo, type Session } from 'rxjs-libevent';

export interface ClientOptions {
  /** Between two questions. */
  readonly periodMs: number;
  /** Before the second attempt; it doubles with every failure. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** Called with what happens beside the answers. */
  readonly say: (what: string) => void;
}

/**
 * Asks a server, and emits its answers. When that ends, whichever way, it waits and begins again;
 * the wait is short again after the first answer.
 *
 * @param connect - `connect(config, session)` with its config
 */
export function client(
  connect: (session: Session<string>) => Observable<string>,
  base: Pick<EventBase, 'timer'>,
  { periodMs, firstWaitMs, longestWaitMs, say }: ClientOptions,
): Observable<string> {
  return connect((conn) => {
    const { address, port } = conn.remoteAddress;
    say(`connected to ${address}:${port}`);
    return ask(conn, base.timer(0, periodMs));
  }).pipe(
    // A server that says goodbye is as good a reason to come again as one that dies.
    concatWith(throwError(() => new Error('the server has closed'))),
    retry({
      resetOnSuccess: true,
      delay: (error: Error, failures) => {
        const waitMs = Math.min(firstWaitMs * 2 ** (failures - 1), longestWaitMs);
        say(`${error.message}; again in ${waitMs} ms`);
        return base.timer(waitMs);
      },
    }),
  );
}

/** Sends a numbered question at every tick, and emits the answers. */
function ask(conn: Connection, ticks: Observable<number>): Observable<string> {
  return merge(
    ticks.pipe(
      map((number) => `question ${number}\n`),
      sendTo(conn),
    ),
    conn.pipe(lines()),
  );
}
