import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file with a stream of its own. */
export function file(world, id, bytes) {
  const path = join(world.folder, `file-${id}`);
  const stream = world.newStream(`file ${id}`);
  writeFileSync(path, world.pattern.bytes(stream, 0, bytes));
  world.files.set(id, { path, stream, bytes });
}

/** Sends a part of a file; `end` is exclusive here. */
export function sendFile(world, name, id, start, stop) {
  const end = world.ends.get(name);
  const file = world.files.get(id);
  if (!end?.writable || end.fed || !file || end.link.paired || end.sending) return;
  const last = Math.min(stop, file.bytes) - 1;
  if (last < start) return;
  const what = `sendFile ${id} to ${name}`;
  world.waiting.add(what);
  end.sending = true;
  end.log.add(file.stream, start, last + 1 - start);
  const ended = (failure) => {
    if (failure) end.link.cut ??= `${what}: ${failure.code}`;
    end.sending = false;
    world.waiting.delete(what);
    world.moved();
  };
  const sending = world.attempt(() => end.connection.sendFile(file.path, { start, end: last }));
  sending?.subscribe({ next: () => world.moved(), error: ended, complete: () => ended() });
}
