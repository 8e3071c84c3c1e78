/**
 * Node's HTTP server over libevent: it answers with what it is sent. A client that does not read its
 * answer is not read from either.
 */
import { createServer } from 'node:http';
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { handTo } from './pipelines/handTo';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverOptions } from './support/serverOptions';

const { host, port, threads } = serverOptions('http', 'An HTTP server that answers with the body.');
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

const server = createServer((request, response) => {
  live.line();
  if (request.method !== 'GET') request.pipe(response);
  else response.end(`Hello from ${request.url ?? '/'}\n`);
});
// It looks for requests that take too long only from here on.
server.emit('listening');

listener
  .pipe(
    tap(live.connection),
    serve(handTo(server), {
      onError: live.say,
      shutdown: stop.pipe(
        tap(live.finishing),
        tap(() => server.close()),
      ),
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
