import { skip, takeUntil, tap } from 'rxjs';
import { EventBase, type Listener, serve } from 'rxjs-libevent';
import { handTo, type ServerOfStreams } from '../pipelines/handTo';
import { LiveLine } from './LiveLine';
import { interrupted } from './interrupted';
import type { ServerOptions } from './serverOptions';

/** Where a server of Node's gets its connections from. */
export class NodeSite {
  readonly live: LiveLine;
  private readonly listener: Listener;

  constructor({ host, port, threads }: ServerOptions) {
    const base = new EventBase({ threads });
    this.listener = base.listen({ host, port });
    this.live = new LiveLine(base, this.listener);
  }

  /**
   * Hands it the connections. Ctrl-C stops accepting and lets answers finish; the second one does not
   * wait.
   *
   * @param finish - ends what is idle, when the first has come
   */
  run(server: ServerOfStreams, finish: () => void): void {
    const { live } = this;
    const stop = interrupted();
    this.listener
      .pipe(
        tap(live.connection),
        serve(handTo(server), {
          onError: live.say,
          shutdown: stop.pipe(tap(live.finishing), tap(finish)),
        }),
        takeUntil(stop.pipe(skip(1))),
      )
      .subscribe(live.end);
  }
}
