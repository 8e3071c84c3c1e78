/**
 * A TCP relay: every connection that is accepted gets one of its own to the target.
 *
 * Each end holds the other: who reads slowly slows down who sends, and no more than the watermarks
 * waits in between. A half-close passes as a half-close, a reset as a reset.
 */
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { proxy } from './pipelines/proxy';
import { hostAndPort } from './support/hostAndPort';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverCommand, type ServerOptions } from './support/serverOptions';

interface ProxyOptions extends ServerOptions {
  readonly to: ReturnType<typeof hostAndPort>;
}

const { host, port, threads, to } = serverCommand('proxy', 'Relays every connection to a target.')
  .requiredOption('--to <host:port>', 'target', hostAndPort)
  .parse()
  .opts<ProxyOptions>();
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

listener
  .pipe(
    tap(live.connection),
    serve((client) => proxy(client, base.connect(to)), {
      onError: live.say,
      shutdown: stop.pipe(tap(live.finishing)),
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
