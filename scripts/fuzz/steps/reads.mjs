import { manners, recheck } from '../run/manners.mjs';

/** Subscribes, in a manner of `manners`. */
export function read(world, name, manner = 'plain') {
  const end = world.ends.get(name);
  if (!end || end.reader || end.inputEnd !== undefined) return;
  end.reader = 'subscribing';
  const reader = end.connection.subscribe({
    next: (chunk) => {
      if (end.held) world.fail('held', `${name} emits although it is held`);
      if (world.finding === undefined) manners[manner](end, chunk);
    },
    error: (error) => end.end(error),
    complete: () => {
      recheck(end);
      end.end(undefined);
    },
  });
  if (!reader.closed) end.reader = reader;
}

export function unsubscribe(world, name) {
  const end = world.ends.get(name);
  if (!end?.reader || end.target) return;
  end.reader.unsubscribe();
  end.reader = undefined;
  recheck(end);
}

export function hold(world, name) {
  const end = world.ends.get(name);
  if (end) end.releases.push(end.connection.hold('fuzz'));
}

export function release(world, name) {
  world.ends.get(name)?.releases.pop()?.();
}
