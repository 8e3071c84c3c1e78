/**
 * Node's HTTP server over libevent: it answers with what it is sent. A client that does not read its
 * answer is not read from either.
 */
import { createServer } from 'node:http';
import { NodeSite } from './support/NodeSite';
import { serverOptions } from './support/serverOptions';

const site = new NodeSite(serverOptions('http', 'An HTTP server that answers with the body.'));
const { live } = site;

const server = createServer((request, response) => {
  live.line();
  if (request.method !== 'GET') request.pipe(response);
  else response.end(`Hello from ${request.url ?? '/'}\n`);
});
// It looks for requests that take too long only from here on.
server.emit('listening');

site.run(server, () => server.close());
