/**
 * fastify and ws over libevent: JSON at `/`, and at `/echo` a WebSocket that sends back what it gets. A
 * client of `/echo` that does not read is not read from either.
 */
import Fastify from 'fastify';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { NodeSite } from './support/NodeSite';
import { serverOptions } from './support/serverOptions';

const site = new NodeSite(serverOptions('fastify', 'fastify, and a WebSocket beside it.'));
const { live } = site;

const fastify = Fastify();
fastify.get('/', () => ({ hello: 'world' }));
fastify.post('/', (request) => ({ received: request.body }));

const sockets = new WebSocketServer({ server: fastify.server, path: '/echo' });
sockets.on('connection', (socket) => {
  live.line();
  const stream = createWebSocketStream(socket);
  stream.on('error', live.say).pipe(stream);
});

void fastify.ready().then(() => {
  // From here on it knows which connections are idle.
  fastify.server.emit('listening');
  site.run(fastify.server, () => {
    fastify.server.closeIdleConnections();
    for (const socket of sockets.clients) socket.close();
  });
});
