/**
 * The classic libevent example: a server that answers every line rotated by 13.
 *
 * Lines end at LF. Letters are rotated, any other byte passes. A line of 16384 bytes or more is
 * rotated in pieces rather than grown for ever. The end of the input ends its connection, after the
 * answers have left. Ctrl-C stops accepting and lets answers finish; the second one does not wait.
 */
import { map, skip, takeUntil, tap } from 'rxjs';
import { EventBase, lines, sendTo, serve } from 'rxjs-libevent';
import { interrupted } from './support/interrupted';
import { rotate13 } from './support/rotate13';
import { serverOptions } from './support/serverOptions';
import { LiveLine } from './support/LiveLine';

const { host, port, threads } = serverOptions('rot13', 'Answers every line rotated by 13.');
const base = new EventBase({ threads });
const listener = base.listen({ host, port, encoding: 'latin1' });
const live = new LiveLine(base, listener);
const stop = interrupted();

const byLine = lines({
  eol: 'lf',
  encoding: 'latin1',
  maxLength: 16384,
  whenTooLong: 'split',
  keepEol: true,
});

listener
  .pipe(
    tap(live.connection),
    serve((conn) => conn.pipe(byLine, tap(live.line), map(rotate13), sendTo(conn)), {
      shutdown: stop.pipe(tap(live.finishing)),
    }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
