import {
  Subject,
  concat,
  delay,
  endWith,
  ignoreElements,
  map,
  merge,
  retry,
  takeUntil,
  tap,
} from 'rxjs';
import { type Connection, lines, sendTo, serve } from 'rxjs-libevent';
import type { SimulationHelpers, VirtualBase } from 'rxjs-libevent/testing';
import { chat } from '../pipelines/chat';

const PORT = 40713;
/** How long a guest stays when it has said everything. */
const STAYS_MS = 2000;

/** Guests of a chat that say numbered lines, and hear those of the others. */
export function room(simulation: SimulationHelpers): void {
  const { machine, draw, always, atEnd, sometimes } = simulation;
  const base = machine('room');
  const all = new Subject<string>();
  const holds = draw('a slow guest is held for', 0, 1) === 1;
  const write = { high: 4 ** draw('mark of the room', 1, 6), low: 0 };
  base
    .listen({ port: PORT, write, idleTimeoutMs: 60_000 })
    .pipe(
      serve((conn) => chat(conn, all, holds ? 'hold' : 'drop')),
      retry({ delay: () => base.timer(100) }),
    )
    .subscribe();

  let wrong = '';
  let heard = 0;
  /** What one guest hears of each speaker, on one connection, has rising numbers: no gaps where it is held for. */
  const hears = (conn: Connection) => {
    const last = new Map<string, number>();
    return conn.pipe(
      lines(),
      tap((line) => {
        const [, speaker = '', number = ''] = /^(guest-[0-9]+): .* ([0-9]+)$/.exec(line) ?? [];
        const before = last.get(speaker);
        const isNext = before === undefined || Number(number) === before + 1;
        const isLater = before === undefined || Number(number) > before;
        if (speaker === '' || !(holds ? isNext : isLater))
          wrong ||= `${line} after ${String(before)}`;
        last.set(speaker, Number(number));
        heard += 1;
      }),
      ignoreElements(),
    );
  };

  const guests = draw('guests', 1, 4);
  let gone = 0;
  for (let guest = 1; guest <= guests; guest += 1) {
    const own: VirtualBase = machine(`guest ${String(guest)}`);
    const count = draw(`lines of guest ${String(guest)}`, 0, 8);
    const everyMs = draw(`pause of guest ${String(guest)}`, 0, 100);
    own
      .connect({ host: 'room', port: PORT, idleTimeoutMs: 30_000 }, (conn) => {
        const says = concat(
          ...Array.from({ length: count }, (_, number) =>
            own.timer(everyMs).pipe(map(() => number)),
          ),
        ).pipe(
          map((number) => `line ${String(number)}\n`),
          sendTo(conn),
        );
        const leaves = says.pipe(ignoreElements(), endWith(0), delay(STAYS_MS, own.scheduler));
        return merge(hears(conn)).pipe(takeUntil(leaves));
      })
      .pipe(retry({ delay: () => own.timer(50) }))
      .subscribe({
        complete: () => {
          gone += 1;
        },
      });
  }
  always('nobody hears a line twice, or too late', () => wrong === '');
  atEnd('everybody has left', () => gone === guests);
  sometimes('a line is heard', () => heard > 0);
}
