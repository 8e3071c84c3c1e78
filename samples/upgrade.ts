/**
 * Two protocols on one connection: a handshake in text, then frames with a length in front.
 *
 * The peer says `upgrade to frames` and may send its first frames at once behind it, in the same
 * packet. `lines` reads its one line and gives back what it did not use, so `lengthPrefixed` finds
 * every byte. The server answers `upgraded`, then each frame in capitals.
 */
import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';
import { upgrade } from './pipelines/upgrade';
import { interrupted } from './support/interrupted';
import { LiveLine } from './support/LiveLine';
import { serverOptions } from './support/serverOptions';

const { host, port, threads } = serverOptions('upgrade', 'A text handshake, then frames.');
const base = new EventBase({ threads });
const listener = base.listen({ host, port });
const live = new LiveLine(base, listener);
const stop = interrupted();

listener
  .pipe(
    tap(live.connection),
    serve(upgrade, { onError: live.say, shutdown: stop.pipe(tap(live.finishing)) }),
    takeUntil(stop.pipe(skip(1))),
  )
  .subscribe(live.end);
