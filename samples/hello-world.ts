/**
 * libevent's own first sample: every client gets one message, and the connection closes when the
 * message has left.
 */
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { helloWorld } from './pipelines/helloWorld';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverOptions } from './support/serverOptions';

const { host, port, threads } = serverOptions('hello-world', 'One message to every client.');
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

listener
  .pipe(
    tap(live.connection),
    serve(helloWorld, { onError: live.say, shutdown: stop.pipe(tap(live.finishing)) }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
