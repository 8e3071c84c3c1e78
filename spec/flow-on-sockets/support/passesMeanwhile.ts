import { once } from 'node:events';
import type { EventBase } from 'rxjs-libevent';
import { Loopback } from './Loopback';

/**
 * How many turns a base's loops make while bytes go back and forth on another base: none, if it
 * rests; millions, if it spins.
 */
export async function passesMeanwhile(base: EventBase, roundTrips = 100): Promise<number> {
  const other = await Loopback.open();
  const { conn, peer } = await other.pair();
  conn.subscribe(conn);
  // What is under way has time to arrive first.
  let before = 0;
  for (let count = 0; count < 2 * roundTrips; count += 1) {
    if (count === roundTrips) before = base.stats.passes;
    peer.write('x');
    await once(peer, 'data');
  }
  const passes = base.stats.passes - before;
  await other.close();
  return passes;
}

/** Waits until a base's loops have come to rest. One that spins never does. */
export async function atRest(base: EventBase): Promise<void> {
  while ((await passesMeanwhile(base, 25)) > 0);
}
