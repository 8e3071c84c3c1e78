/**
 * The classic libevent example: a server that answers every line rotated by 13.
 *
 * Lines end at LF. Letters are rotated, any other byte passes. A line of 16384 bytes or more is
 * rotated in pieces rather than grown for ever. The end of the input ends its connection, after the
 * answers have been sent. Ctrl-C stops accepting and lets answers finish; the second one does not wait.
 * With --tls: `openssl s_client -quiet -connect 127.0.0.1:40713`.
 * What a connection does stands in `pipelines/rot13.ts`.
 */
import { noop, skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { rot13 } from './pipelines/rot13';
import { interrupted } from './support/interrupted';
import { selfSigned } from './support/selfSigned';
import { serverCommand, type ServerOptions } from './support/serverOptions';
import { LiveLine } from './support/LiveLine';

interface Options extends ServerOptions {
  readonly tls?: true;
}

const command = serverCommand('rot13', 'Answers every line rotated by 13.');
command.option('--tls', 'secured, with a certificate of its own that lasts a day');
const { host, port, threads, tls } = command.parse().opts<Options>();
const base = new EventBase({ threads });
const listener = base.listen({ host, port, ...(tls ? { tls: selfSigned() } : {}) });
const live = new LiveLine(base, listener);
const stop = interrupted();

listener
  .pipe(
    tap(live.connection),
    serve((conn) => rot13(conn, live.line), {
      shutdown: stop.pipe(tap(live.finishing)),
      // A client that resets its connection ends it, and concerns nobody else.
      onError: noop,
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
