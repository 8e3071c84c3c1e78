/**
 * A server that a Kubernetes rollout does not cut: at SIGTERM it is not ready any more, but goes on
 * accepting until every node knows that; then it answers what has been asked, and ends.
 */
import { createServer } from 'node:http';
import { delay, fromEvent, map, merge, share, take, takeUntil, tap, timer } from 'rxjs';
import { concatMapHeld, EventBase, lines, sendTo, serve } from 'rxjs-libevent';
import { handTo } from '../pipelines/handTo';
import { LiveLine } from '../support/LiveLine';
import { serverCommand, type ServerOptions, wholeNumber } from '../support/serverOptions';

interface KubernetesOptions extends ServerOptions {
  readonly probePort: number;
  readonly unreadyMs: number;
  readonly deadlineMs: number;
  readonly workMs: number;
}

const { host, port, threads, probePort, unreadyMs, deadlineMs, workMs } = serverCommand(
  'kubernetes',
  'Answers lines, and ends as a pod has to.',
)
  .option('--probe-port <number>', 'of the readiness probe', wholeNumber(0, 65535), 8080)
  .option('--unready-ms <number>', 'until endpoints are gone', wholeNumber(0, 600_000), 5000)
  .option('--deadline-ms <number>', 'for answers', wholeNumber(1, 600_000), 20_000)
  .option('--work-ms <number>', 'an answer takes', wholeNumber(0, 60_000), 10)
  .parse()
  .opts<KubernetesOptions>();

const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);

let ready = true;
const stopping = merge(fromEvent(process, 'SIGTERM'), fromEvent(process, 'SIGINT')).pipe(
  take(1),
  tap(() => (ready = false)),
);
const stop = stopping.pipe(delay(unreadyMs), share());

const probes = createServer((_request, response) => {
  response.writeHead(ready ? 200 : 503, { connection: 'close' }).end();
});
const probing = base.listen({ host, port: probePort });
probing.bound.subscribe({
  next: (at) => console.log(`probes at ${at.address}:${String(at.port)}`),
  // The pipeline has it, too.
  error: () => undefined,
});
const probed = probing.pipe(serve(handTo(probes))).subscribe({ error: live.say });

listener
  .pipe(
    serve(
      (conn) =>
        conn.pipe(
          lines(),
          // Behind the framing: half a line that has come is not taken for a whole one.
          takeUntil(stop),
          concatMapHeld((line) => timer(workMs).pipe(map(() => `done: ${line}\n`))),
          sendTo(conn),
        ),
      // Sum of both, and some, is the pod's terminationGracePeriodSeconds.
      { onError: live.say, shutdown: stop, shutdownDeadlineMs: deadlineMs },
    ),
  )
  .subscribe(live.end)
  .add(probed);
