import { noop, type Observable, skip, takeUntil, tap } from 'rxjs';
import { type Connection, EventBase, type ListenConfig, type Listener, serve } from 'rxjs-libevent';
import { LiveLine } from './LiveLine';
import { interrupted } from './interrupted';
import type { ServerOptions } from './serverOptions';

/** Where a server listens, and how it ends: what every sample has. */
export class Site {
  readonly base: EventBase;
  readonly live: LiveLine;
  private readonly listener: Listener;

  constructor({ host, port, threads }: ServerOptions, config: ListenConfig = {}) {
    this.base = new EventBase({ threads });
    this.listener = this.base.listen({ ...config, host, port });
    this.live = new LiveLine(this.base, this.listener);
  }

  /**
   * Serves the connections. Ctrl-C stops accepting and lets those that are open finish; the second one
   * does not wait.
   *
   * @param finish - ends what is idle, when the first has come
   */
  serve(
    handler: (conn: Connection) => Observable<unknown> | Promise<unknown>,
    finish: () => void = noop,
  ): void {
    const { live } = this;
    const stop = interrupted();
    this.listener
      .pipe(
        tap(live.connection),
        serve(handler, {
          onError: live.say,
          shutdown: stop.pipe(tap(live.finishing), tap(finish)),
        }),
        takeUntil(stop.pipe(skip(1))),
      )
      .subscribe(live.end);
  }
}
