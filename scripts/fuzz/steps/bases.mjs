const METHODS = ['epoll', 'poll', 'select'];

/** `method`: epoll, poll or select. */
export function base(world, id, { method = 'epoll', ...options } = {}) {
  const { EventBase } = world.library;
  const avoidMethods = METHODS.slice(0, METHODS.indexOf(method));
  world.attempt(() => world.bases.set(id, newBase(EventBase, { avoidMethods, ...options })));
}

/** Not every method can do without a thread, nor could every release. */
function newBase(EventBase, options) {
  try {
    return new EventBase(options);
  } catch (error) {
    if (options.threads > 0) throw error;
    return new EventBase({ ...options, threads: 1 });
  }
}

/** Everything on it is cut. */
export async function closeBase(world, id, deadlineMs = 0) {
  const closing = world.bases.get(id);
  if (closing === undefined) return;
  for (const link of world.links) {
    if (!link.bases.includes(id)) continue;
    link.cut ??= 'its base was closed';
    for (const end of link.ends) end.ended = true;
  }
  let closed = false;
  void closing.close(deadlineMs).then(() => {
    closed = true;
    world.moved();
  });
  await world.until(
    () => closed,
    () => `close(${deadlineMs}) of base ${id} does not resolve`,
  );
}

/** Each base still has turns: a timer of a millisecond fires. */
export async function probe(world) {
  for (const [id, base] of world.bases) {
    let ended = false;
    const end = () => {
      ended = true;
      world.moved();
    };
    base.timer(1).subscribe({ error: end, complete: end });
    await world.until(
      () => ended,
      () => `a timer of base ${id} does not fire`,
    );
  }
}

/** Nothing may work while nothing moves. */
export async function idle(world) {
  await world.quiet('in the middle');
}

export function turn(world) {
  return world.turn();
}

export function pause(world, ms) {
  return world.pause(ms);
}
