export function marks(world, name, read, write) {
  const end = world.ends.get(name);
  if (end) world.attempt(() => end.connection.setWatermarks({ read, write }));
}

/** It may fail by them. */
export function timeouts(world, name, readTimeoutMs, writeTimeoutMs) {
  const end = world.ends.get(name);
  if (!end) return;
  end.link.cut ??= `${name} has timeouts`;
  world.attempt(() => end.connection.setTimeouts({ readTimeoutMs, writeTimeoutMs }));
}

export function limit(world, name, rateLimit) {
  const end = world.ends.get(name);
  if (end) world.attempt(() => end.connection.socket.setRateLimit(rateLimit ?? undefined));
}

export function priority(world, name, level) {
  const end = world.ends.get(name);
  if (end) world.attempt(() => end.connection.socket.setPriority(level), RangeError);
}

export function trigger(world, name, direction) {
  const end = world.ends.get(name);
  if (end) world.attempt(() => end.connection.socket.trigger(direction));
}

export function group(world, id, on, rateLimit) {
  const made = world.attempt(() => world.bases.get(on)?.rateLimitGroup(rateLimit));
  if (made) world.groups.set(id, made);
}

export function regroup(world, id, rateLimit) {
  world.attempt(() => world.groups.get(id)?.setRateLimit(rateLimit));
}

export function joinGroup(world, name, id) {
  const end = world.ends.get(name);
  const group = world.groups.get(id);
  if (end && group) world.attempt(() => end.connection.socket.setRateLimitGroup(group));
}

export function leave(world, name) {
  const end = world.ends.get(name);
  if (end) world.attempt(() => end.connection.socket.setRateLimitGroup(undefined));
}

export function closeGroup(world, id) {
  world.attempt(() => world.groups.get(id)?.close());
}
