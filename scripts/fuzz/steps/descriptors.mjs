import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A descriptor that is the program's own. */
export function fifo(world, id) {
  const path = join(world.folder, `fifo-${id}`);
  if (!world.fifos.has(id)) execFileSync('mkfifo', [path]);
  else if (world.fifos.get(id).fd >= 0) return;
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  world.fifos.set(id, { path, fd });
}

/** Watches it. Its end is not waited for: it is the program that closes the descriptor. */
export function watch(world, on, id, events = ['read'], mode = 'level') {
  const { fd = -1 } = world.fifos.get(id) ?? {};
  if (fd >= 0) watched(world, on, fd, events, mode, `fifo ${id}`);
}

/** Watches a connection's own descriptor. */
export function watchConnection(world, on, name, events = ['read']) {
  const end = world.ends.get(name);
  if (!end || end.link.paired) return;
  const fd = world.attempt(() => end.connection.socket.fd);
  if (fd >= 0) watched(world, on, fd, events, 'level', name);
}

function watched(world, on, fd, events, mode, name) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const what = `fd() of ${name}, ${world.newStream('a watch')}`;
  const watch = world.attempt(() => base.fd(fd, { events, mode }));
  if (!watch) return;
  const open = { what, fired: 0 };
  world.watches.add(open);
  const end = () => {
    world.watches.delete(open);
    world.moved();
  };
  let turns = 0;
  open.subscription = watch.subscribe({
    // A level that nobody empties fires for ever.
    next: () => {
      world.moved();
      turns += 1;
      if (turns > 20) {
        open.subscription?.unsubscribe();
        end();
      }
    },
    error: end,
    complete: end,
  });
}

export function unwatch(world) {
  for (const open of world.watches) open.subscription?.unsubscribe();
  world.watches.clear();
}

export function poke(world, id) {
  const { fd = -1 } = world.fifos.get(id) ?? {};
  if (fd >= 0) writeSync(fd, 'x');
}

/** The owner closes first; the next that opens has the number. */
export function closeFifo(world, id) {
  const fifo = world.fifos.get(id);
  if (!fifo || fifo.fd < 0) return;
  closeSync(fifo.fd);
  fifo.fd = -1;
}
