/** A timer that ends: after one value, or `count` of them. */
export function timer(world, on, dueMs, periodMs, count = 3) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const what = `timer(${dueMs}, ${periodMs}) of base ${on}, ${world.newStream('a timer')}`;
  world.waiting.add(what);
  const end = () => {
    world.waiting.delete(what);
    world.moved();
  };
  base
    .timer(dueMs, periodMs ?? undefined)
    .pipe(world.rxjs.take(count))
    .subscribe({ next: () => world.moved(), error: end, complete: end });
}

/** Many at once: all fire, and nobody asks again and again whether there is room for them. */
export async function timers(world, on, count, dueMs = 1) {
  const base = world.bases.get(on);
  if (!base || base.closed) return;
  const { setImmediate } = globalThis;
  let asked = 0;
  globalThis.setImmediate = (...args) => {
    asked += 1;
    return setImmediate(...args);
  };
  let open = count;
  const end = () => {
    open -= 1;
    world.moved();
  };
  for (let index = 0; index < count; index += 1)
    base.timer(dueMs).subscribe({ error: end, complete: end });
  await world.until(
    () => open === 0,
    () => `${open} of ${count} timers do not fire`,
  );
  globalThis.setImmediate = setImmediate;
  // A turn for every few records would be enough.
  if (asked > 1000 + count / 16) {
    world.fail('spin', `${asked} calls of setImmediate for ${count} timers`);
  }
}
