import { concat, from, map, merge, of, retry, take, tap, toArray } from 'rxjs';
import { encodeLengthPrefixed, lengthPrefixed, lines, sendTo, serve } from 'rxjs-libevent';
import type { SimulationHelpers } from 'rxjs-libevent/testing';
import { upgrade } from '../pipelines/upgrade';
import { expectAnswers } from './askingClients';

const PORT = 40713;
const frameSize = { prefixBytes: 2 } as const;

/** Clients that change the protocol in the middle of a connection, and do not wait for leave to do so. */
export function upgrades({ machine, draw, always, atEnd }: SimulationHelpers): void {
  const base = machine('server');
  base
    .listen({
      port: PORT,
      read: { high: 4 ** draw('read mark', 2, 8), low: 0 },
      idleTimeoutMs: 60_000,
      maxConnections: draw('most connections', 1, 4),
    })
    .pipe(serve(upgrade), retry({ delay: () => base.timer(100) }))
    .subscribe();

  const clients = draw('clients', 1, 4);
  let answered = 0;
  let wrong = '';
  for (let number = 1; number <= clients; number += 1) {
    const name = `client ${String(number)}`;
    const own = machine(name);
    const frames = Array.from({ length: draw(`frames of ${name}`, 1, 6) }, (_, index) =>
      String(index).padEnd(4 ** draw(`length of a frame of ${name}`, 0, 6), 'abcdefgh'),
    );
    own
      .connect({ host: 'server', port: PORT, idleTimeoutMs: 30_000 }, (conn) =>
        merge(
          concat(
            of('upgrade to frames\n').pipe(sendTo(conn)),
            from(frames).pipe(encodeLengthPrefixed(frameSize), sendTo(conn)),
          ),
          concat(
            conn.pipe(lines(), take(1)),
            conn.pipe(
              lengthPrefixed(frameSize),
              map((frame) => frame.toString()),
              take(frames.length),
            ),
          ).pipe(toArray()),
        ).pipe(
          take(1),
          tap((got) => {
            expectAnswers(got, frames.length + 1);
          }),
        ),
      )
      .pipe(retry({ delay: () => own.timer(50) }))
      .subscribe(([leave, ...got]) => {
        answered += 1;
        const expected = frames.map((frame) => frame.toUpperCase());
        if (leave !== 'upgraded' || got.join() !== expected.join())
          wrong = `${name}: ${got.join()}`;
      });
  }
  always('frames come back in capitals', () => wrong === '');
  atEnd('every client has all frames', () => answered === clients);
}
