import { read } from '../steps/reads.mjs';

/**
 * Lets everything come to its end: what has been written arrives, connections end, and nothing moves
 * any more.
 *
 * @param early whether ends are asked for at once, rather than when everything has come
 */
export async function settle(world, early = false) {
  for (const end of world.ends.values()) {
    if (!early) for (const release of end.releases.splice(0)) release();
    if (!end.reader && end.inputEnd === undefined && !end.held) read(world, end.name, 'plain');
  }
  if (!early) await arrived(world);
  for (const end of world.ends.values()) {
    if (end.link.cut !== undefined) end.ended = true;
    if (end.link.cut !== undefined) end.connection.destroy();
    else if (!end.fed) end.connection.complete();
    for (const release of end.releases.splice(0)) release();
    if (!end.reader && end.inputEnd === undefined) read(world, end.name, 'plain');
  }
  if (early) await arrived(world);
  await world.until(
    () => world.links.every(({ ends }) => ends.every(({ closed }) => closed)),
    () => 'a connection does not close',
  );
  if (world.finding === undefined) await world.quiet('after the end');
}

async function arrived(world) {
  await world.until(
    () => world.waiting.size === 0,
    () => `still waits for ${[...world.waiting].slice(0, 5).join(', ')}`,
  );
  const whole = ({ cut, ends }) => cut !== undefined || ends.every(({ complete }) => complete);
  await world.until(
    () => world.links.every(whole),
    () => 'bytes do not come',
  );
}
