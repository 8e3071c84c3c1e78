/**
 * fastify and ws over libevent: JSON at `/`, and at `/echo` a WebSocket that sends back what it gets. A
 * client of `/echo` that does not read is not read from either.
 */
import Fastify from 'fastify';
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { handTo } from './pipelines/handTo';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverOptions } from './support/serverOptions';

const { host, port, threads } = serverOptions('fastify', 'fastify, and a WebSocket beside it.');
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

const fastify = Fastify();
fastify.get('/', () => ({ hello: 'world' }));
fastify.post('/', (request) => ({ received: request.body }));

const sockets = new WebSocketServer({ server: fastify.server, path: '/echo' });
sockets.on('connection', (socket) => {
  live.line();
  const stream = createWebSocketStream(socket);
  stream.on('error', live.say).pipe(stream);
});

async function run(): Promise<void> {
  await fastify.ready();
  listener
    .pipe(
      tap(live.connection),
      serve(handTo(fastify.server), {
        onError: live.say,
        shutdown: stop.pipe(
          tap(live.finishing),
          tap(() => {
            fastify.server.closeIdleConnections();
            for (const socket of sockets.clients) socket.close();
          }),
        ),
      }),
      takeUntil(stop.pipe(skip(1))),
    )
    .subscribe(live.end);
}

void run();
