export function complete(world, name) {
  const end = world.ends.get(name);
  if (end && !end.fed) end.connection.complete();
}

export function reset(world, name) {
  cut(world, name, 'reset', (connection) => connection.reset());
}

export function destroy(world, name) {
  cut(world, name, 'destroyed', (connection) => connection.destroy());
}

export function close(world, name, deadlineMs) {
  cut(world, name, 'closed', (connection) => connection.close(deadlineMs));
}

export function error(world, name) {
  cut(world, name, 'failed', (connection) => connection.error(new Error('of the program')));
}

function cut(world, name, how, call) {
  const end = world.ends.get(name);
  if (!end) return;
  end.link.cut ??= `${name} was ${how}`;
  end.ended = true;
  world.attempt(() => call(end.connection));
}
