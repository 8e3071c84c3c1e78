import { retry } from 'rxjs';
import { serve } from 'rxjs-libevent';
import type { SimulationHelpers } from 'rxjs-libevent/testing';
import { rot13 } from '../pipelines/rot13';
import { askingClients } from './askingClients';

const PORT = 40713;

/** A server that answers every line rotated, on a machine of its own. */
export function rotatingServer({ machine, draw }: SimulationHelpers): void {
  const base = machine('server');
  const read = { high: 4 ** draw('read mark', 2, 8), low: 0 };
  const write = { high: 4 ** draw('write mark', 2, 8), low: 1 };
  base
    .listen({ port: PORT, read, write, idleTimeoutMs: 60_000 })
    .pipe(
      serve((conn) => rot13(conn), { concurrency: draw('concurrency', 1, 8) }),
      retry({ delay: () => base.timer(100) }),
    )
    .subscribe();
}

/** Clients of one server. */
export function answers(simulation: SimulationHelpers): void {
  rotatingServer(simulation);
  askingClients(simulation, { host: 'server', port: PORT });
}
