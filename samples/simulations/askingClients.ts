import { type Observable, defer, from, map, merge, retry, take, tap, toArray } from 'rxjs';
import { lines, sendTo } from 'rxjs-libevent';
import type { SimulationHelpers, VirtualBase } from 'rxjs-libevent/testing';
import { rotate13 } from '../support/rotate13';

/** Lines of one client, of lengths that the seed draws: some are longer than a mark, most are not. */
function questions({ draw }: SimulationHelpers, name: string): string[] {
  const count = draw(`lines of ${name}`, 1, 6);
  return Array.from({ length: count }, (_, index) => {
    const length = 4 ** draw(`length of a line of ${name}`, 0, 5);
    return `${name} ${String(index)} `.padEnd(length, 'abcdefgh');
  });
}

/** A server whose base has gone sends FIN, too: that is no answer. */
export function expectAnswers(got: readonly string[], count: number): void {
  if (got.length < count)
    throw new Error(`the server has left after ${String(got.length)} answers`);
}

/** Sends all questions, and has as many answers; begins anew when the network does not let it. */
function ask(
  base: VirtualBase,
  to: { readonly host: string; readonly port: number },
  all: readonly string[],
  halfCloses: boolean,
  onAttempt: () => void,
): Observable<string[]> {
  // A connection that the network has forgotten says nothing: only a timeout finds out.
  const target = { ...to, idleTimeoutMs: 30_000, write: { high: 64, low: 16 } };
  return defer(() => {
    onAttempt();
    return base.connect(target, (conn) =>
      merge(
        from(all).pipe(
          map((line) => `${line}\n`),
          sendTo(conn, { end: halfCloses }),
        ),
        conn.pipe(
          // A proxy that is stopped ends with FIN wherever it is: half a line is no answer.
          lines({ maxLength: 8192, whenUnfinished: 'error' }),
          take(all.length),
          toArray(),
        ),
      ).pipe(
        take(1),
        tap((got) => {
          expectAnswers(got, all.length);
        }),
      ),
    );
  }).pipe(retry({ delay: () => base.timer(50) }));
}

/** Clients on machines of their own, each of which wants an answer to each of its lines: rotated. */
export function askingClients(
  simulation: SimulationHelpers,
  to: { readonly host: string; readonly port: number },
): void {
  const { machine, draw, always, atEnd, sometimes, reached } = simulation;
  sometimes('a client comes again');
  const clients = draw('clients', 1, 5);
  let answered = 0;
  let wrong = '';
  for (let number = 1; number <= clients; number += 1) {
    const name = `client ${String(number)}`;
    const all = questions(simulation, name);
    const expected = all.map((line) => rotate13(Buffer.from(line)).toString());
    let attempts = 0;
    const halfCloses = draw(`${name} half-closes`, 0, 1) === 1;
    ask(machine(name), to, all, halfCloses, () => {
      attempts += 1;
      if (attempts === 2) reached('a client comes again');
    }).subscribe((got) => {
      answered += 1;
      if (got.join() !== expected.join()) wrong = `${name} got ${got.join()}`;
    });
  }
  always('answers are right', () => wrong === '');
  atEnd('every client has all answers', () => answered === clients);
}
