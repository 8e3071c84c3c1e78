/**
 * Many reactors in one process, two ways at once.
 *
 * `--threads` reactors do the input and output of one JavaScript thread. `--workers` JavaScript
 * threads have a base each and share the port, and the kernel spreads the connections over them.
 * Every line is answered with the name of the thread that ran its pipeline.
 */
import { Worker, isMainThread, parentPort, threadId, workerData } from 'node:worker_threads';
import { Subject, take } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { answerWith } from './pipelines/answerWith';
import { interrupted } from './support/interrupted';
import { serverCommand, wholeNumber, type ServerOptions } from './support/serverOptions';

interface MultiReactorOptions extends ServerOptions {
  readonly workers: number;
}

const options = isMainThread
  ? serverCommand('multi-reactor', 'Answers every line with the thread that has seen it.')
      .option('--workers <number>', 'JavaScript threads', wholeNumber(1, 64), 2)
      .parse()
      .opts<MultiReactorOptions>()
  : (workerData as MultiReactorOptions);
const { host, port, threads, workers } = options;

const stop = new Subject<unknown>();
if (isMainThread) interrupted().pipe(take(1)).subscribe(stop);
else parentPort?.once('message', (message) => stop.next(message));

/** The main thread binds; the others join it at the port that it has got. */
function startWorkers(boundPort: number): void {
  for (let count = 1; count < workers; count += 1) {
    const worker = new Worker(__filename, { workerData: { ...options, port: boundPort } });
    stop.subscribe(() => {
      worker.postMessage('stop');
    });
  }
}

const base = new EventBase({ threads });
const listener = base.listen({ host, port, reusePort: true });
listener.bound.subscribe({
  next: (bound) => {
    console.log(
      `listening on ${bound.address}:${bound.port} (thread ${threadId}, reactor threads: ${base.threads})`,
    );
    if (isMainThread) startWorkers(bound.port);
  },
  // The subscriber of the listener has it, too.
  error: () => undefined,
});
listener.pipe(serve(answerWith(`thread ${threadId}`), { shutdown: stop })).subscribe({
  error: (error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  },
});
