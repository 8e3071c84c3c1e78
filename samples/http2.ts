/** Node's HTTP/2 server over libevent, in clear text: it answers with what it is sent. */
import { createServer, type Http2Session } from 'node:http2';
import { NodeSite } from './support/NodeSite';
import { serverOptions } from './support/serverOptions';

const site = new NodeSite(serverOptions('http2', 'An HTTP/2 server that answers with the body.'));
const { live } = site;
const sessions = new Set<Http2Session>();

const server = createServer()
  .on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  })
  .on('stream', (stream, headers) => {
    live.line();
    stream.on('error', live.say);
    stream.respond({ ':status': 200 });
    if (headers[':method'] !== 'GET') stream.pipe(stream);
    else stream.end(`Hello from ${headers[':path'] ?? '/'}\n`);
  });

site.run(server, () => {
  for (const session of sessions) session.close();
});
