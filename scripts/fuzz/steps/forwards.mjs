/**
 * What `from` emits is written to `to`, through a stage: none, `observeOn`, `scheduler`, `concatMap`,
 * `mergeMap`, `timer`. When its input ends, so does the output of `to`.
 */
export function forward(world, from, to, stage = 'none') {
  if (!possible(world, from, to)) return;
  const passed = direction(world, from, to, stage);
  const source = world.ends.get(from);
  source.reader = 'subscribing';
  const reader = passed.subscribe({ error: () => {} });
  if (source.reader === 'subscribing') source.reader = reader;
}

/** Both directions in one session of `serve`, which ends as they do. */
export function relay(world, near, far, there = 'none', back = 'none') {
  const { merge, of } = world.rxjs;
  if (!possible(world, near, far) || !possible(world, far, near)) return;
  const directions = [direction(world, near, far, there), direction(world, far, near, back)];
  for (const name of [near, far]) world.ends.get(name).reader = 'served';
  const { connection } = world.ends.get(near);
  of(connection)
    .pipe(world.library.serve(() => merge(...directions), { onError: () => {} }))
    .subscribe();
}

/** Nobody reads the one or writes the other, and no byte would come back. */
function possible(world, from, to) {
  const source = world.ends.get(from);
  const target = world.ends.get(to);
  if (!source || !target || source.reader || source.inputEnd !== undefined) return false;
  if (target.fed || !target.writable || target.written > 0) return false;
  return !leadsTo(target.peer, source);
}

function direction(world, from, to, stage) {
  const source = world.ends.get(from);
  const target = world.ends.get(to);
  source.target = target;
  target.fed = true;
  return source.connection.pipe(
    staged(world, source, stage),
    world.rxjs.tap((chunk) => {
      source.forward(chunk, source.received, target);
      source.take(chunk);
    }),
    world.library.sendTo(target.connection),
    world.rxjs.tap({
      error: (error) => {
        target.link.cut ??= `${from} failed: ${error.code}`;
        target.connection.error(error);
        source.end(error);
      },
      complete: () => {
        target.connection.complete();
        source.end(undefined);
      },
    }),
  );
}

/** Whether what comes in at `from` is written to where `end` gets it. */
function leadsTo(from, end) {
  for (let at = from; at !== undefined; at = at.target?.peer) if (at === end) return true;
  return false;
}

function staged(world, source, stage) {
  const { concatMapHeld, mergeMapHeld, observeOnHeld } = world.library;
  const { asapScheduler, asyncScheduler, delay, of } = world.rxjs;
  const [base] = world.bases.values();
  switch (stage) {
    case 'observeOn':
      return observeOnHeld(asapScheduler, { limit: 4 });
    case 'scheduler':
      return observeOnHeld(base.scheduler, { limit: 2 });
    case 'concatMap':
      return concatMapHeld((chunk) => Promise.resolve(chunk));
    case 'mergeMap':
      return mergeMapHeld((chunk) => new Promise((resolve) => setImmediate(resolve, chunk)), 1);
    case 'timer':
      return concatMapHeld((chunk) => of(chunk).pipe(delay(1, asyncScheduler)));
    default:
      return (chunks) => chunks;
  }
}
