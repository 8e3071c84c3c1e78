/** Node's HTTP/2 server over libevent, in clear text: it answers with what it is sent. */
import { createServer, type Http2Session } from 'node:http2';
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { handTo } from './pipelines/handTo';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverOptions } from './support/serverOptions';

const { host, port, threads } = serverOptions(
  'http2',
  'An HTTP/2 server that answers with the body.',
);
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();
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

listener
  .pipe(
    tap(live.connection),
    serve(handTo(server), {
      onError: live.say,
      shutdown: stop.pipe(
        tap(live.finishing),
        tap(() => {
          for (const session of sessions) session.close();
        }),
      ),
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
