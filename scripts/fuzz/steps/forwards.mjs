/**
 * What `from` emits is written to `to`, through a stage: none, `observeOn`, `scheduler`, `concatMap`,
 * `mergeMap`, `timer`. When its input ends, so does the output of `to`.
 */
export function forward(world, from, to, stage = 'none') {
  const source = world.ends.get(from);
  const target = world.ends.get(to);
  if (!source || !target || source.reader || source.inputEnd !== undefined) return;
  if (target.fed || !target.writable || target.written > 0) return;
  if (leadsTo(target.peer, source)) return;
  source.target = target;
  target.fed = true;
  const pass = world.rxjs.tap((chunk) => {
    source.forward(chunk, source.received, target);
    source.take(chunk);
  });
  source.reader = 'subscribing';
  const reader = source.connection
    .pipe(staged(world, source, stage), pass, world.library.sendTo(target.connection))
    .subscribe({
      error: (error) => {
        target.link.cut ??= `${from} failed: ${error.code}`;
        target.connection.error(error);
        source.end(error);
      },
      complete: () => {
        target.connection.complete();
        source.end(undefined);
      },
    });
  if (source.reader === 'subscribing') source.reader = reader;
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
