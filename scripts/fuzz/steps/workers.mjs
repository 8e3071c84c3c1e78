import { Worker } from 'node:worker_threads';

/** What a worker does until it is ended. */
const LOADS = {
  bases: `
    parentPort.postMessage('busy');
    for (;;) new EventBase({ threads: 2 });`,
  closing: `
    parentPort.postMessage('busy');
    (async () => { for (;;) await new EventBase({ threads: 2 }).close(); })();`,
  echo: `
    const base = new EventBase({ threads: 2 });
    for (let count = 0; count < 20; count += 1) {
      const [a, b] = base.pair();
      b.pipe(sendTo(b)).subscribe({ error() {} });
      a.pipe(sendTo(a)).subscribe({ error() {} });
      a.next(Buffer.alloc(40_000, count));
    }
    base.timer(1).subscribe(() => parentPort.postMessage('busy'));`,
  // A worker that ends while a file is being opened leaves it open; that is Node's.
  files: `
    const base = new EventBase({ threads: 1 });
    const listener = base.listen({ host: '127.0.0.1' });
    listener.subscribe((conn) => conn.sendFile(process.execPath).subscribe({ error() {} }));
    let opened = 0;
    listener.bound.subscribe(({ port }) => {
      for (let count = 0; count < 5; count += 1) {
        base.connect({ host: '127.0.0.1', port }).subscribe((conn) => {
          let first = true;
          conn.subscribe(() => {
            if (first && (opened += 1) === 5) parentPort.postMessage('busy');
            first = false;
          });
        });
      }
    });`,
};

/** A worker with bases of its own is ended some ms after it has begun to work. */
export async function worker(world, load, delayMs) {
  const source = `
    const { parentPort } = require('node:worker_threads');
    const { EventBase, sendTo } = require(${JSON.stringify(world.path)});
    ${LOADS[load]}`;
  const thread = new Worker(source, { eval: true });
  let busy = false;
  let ended = false;
  thread.on('message', () => {
    busy = true;
    world.moved();
  });
  // What it has not been able to do, for want of threads, is its own affair.
  thread.on('error', () => {});
  thread.on('exit', () => {
    ended = true;
    world.moved();
  });
  await world.until(
    () => busy || ended,
    () => `a worker of ${load} does not begin`,
  );
  if (delayMs > 0) await world.pause(delayMs);
  void thread.terminate();
  await world.until(
    () => ended,
    () => `a worker of ${load} does not end`,
  );
}
