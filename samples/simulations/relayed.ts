import { retry } from 'rxjs';
import { serve } from 'rxjs-libevent';
import type { SimulationHelpers } from 'rxjs-libevent/testing';
import { proxy } from '../pipelines/proxy';
import { rotatingServer } from './answers';
import { askingClients } from './askingClients';

const PORT = 40713;

/** Clients of a server behind a proxy, which has small marks. */
export function relayed(simulation: SimulationHelpers): void {
  rotatingServer(simulation);
  const { machine, draw, sometimes } = simulation;
  const base = machine('proxy');
  const marks = { high: 4 ** draw('marks of the proxy', 2, 6), low: 0 };
  // A side that is held stops: what waits is bounded, however slow the other side is.
  const bounds = { read: marks, write: marks, maxOutputBytes: 4 * marks.high };
  const options = { ...bounds, idleTimeoutMs: 20_000 };
  let saturated = 0;
  base
    .listen({ port: PORT, ...options })
    .pipe(
      serve((client) => {
        client.events.subscribe(({ type }) => {
          if (type === 'saturated') saturated += 1;
        });
        return proxy(client, base.connect({ host: 'server', port: PORT, ...options }));
      }),
      retry({ delay: () => base.timer(100) }),
    )
    .subscribe();
  sometimes('a client takes too little', () => saturated > 0);
  askingClients(simulation, { host: 'proxy', port: PORT });
}
