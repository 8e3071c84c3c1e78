import { type Observer, Subscription, interval } from 'rxjs';
import type { Connection, EventBase, Listener } from 'rxjs-libevent';

const PERIOD_MS = 500;

/** On a terminal, one live line of what a server does; elsewhere only where it listens. */
export class LiveLine {
  private readonly subscription = new Subscription();
  private connections = 0;
  private lines = 0;

  constructor(
    private readonly base: EventBase,
    listener: Listener,
  ) {
    this.subscription.add(
      listener.bound.subscribe(({ address, port, family }) => {
        const host = family === 'IPv6' ? `[${address}]` : address;
        const threads =
          base.threads === 1 ? '1 reactor thread' : `${String(base.threads)} reactor threads`;
        console.log(`listening on ${host}:${String(port)} (${threads}, ${base.method})`);
        if (process.stdout.isTTY) void this.start();
      }),
    );
    this.subscription.add(
      listener.errors.subscribe((error) => {
        console.error(`accepting pauses: ${error.message}`);
      }),
    );
  }

  /** Counts a connection until it is gone. */
  readonly connection: Partial<Observer<Connection>> = {
    next: (connection) => {
      this.connections += 1;
      connection.whenClosed.subscribe(() => {
        this.connections -= 1;
      });
    },
  };

  /** Counts a line. */
  readonly line = (): void => {
    this.lines += 1;
  };

  stop(): void {
    this.subscription.unsubscribe();
  }

  private async start(): Promise<void> {
    const { default: logUpdate } = await import('log-update');
    if (this.subscription.closed) return;
    let before = { lines: this.lines, bytes: this.base.stats.receivedBytes };
    this.subscription.add(
      interval(PERIOD_MS).subscribe(() => {
        const now = { lines: this.lines, bytes: this.base.stats.receivedBytes };
        const rate = ((now.lines - before.lines) * 1000) / PERIOD_MS;
        // The counter is 32 bits wide.
        const megabytes = (((now.bytes - before.bytes) >>> 0) * 1000) / PERIOD_MS / 1e6;
        before = now;
        const connections = `${this.connections.toLocaleString('en')} connections`;
        const lineRate = now.lines > 0 ? `  ${Math.round(rate).toLocaleString('en')} lines/s` : '';
        logUpdate(`${connections}${lineRate}  ${megabytes.toFixed(1)} MB/s`);
      }),
    );
    this.subscription.add(() => {
      logUpdate.done();
    });
  }
}
