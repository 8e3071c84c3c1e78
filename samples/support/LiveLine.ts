import type { LogUpdate } from 'log-update';
import { type Observer, Subscription, interval } from 'rxjs';
import type { Connection, EventBase, Listener } from 'rxjs-libevent';

const PERIOD_MS = 500;

function turnedBy(threads: number | 'auto'): string {
  if (threads === 'auto') return 'a standby';
  if (threads === 0) return 'no reactor thread';
  return threads === 1 ? '1 reactor thread' : `${String(threads)} reactor threads`;
}

/** On a terminal, one live line of what a server does; elsewhere only where it listens. */
export class LiveLine {
  private readonly subscription = new Subscription();
  private terminal: LogUpdate | undefined;
  private connections = 0;
  private lines = 0;
  private rates = '';
  private ending = '';

  constructor(
    private readonly base: EventBase,
    listener: Listener,
  ) {
    this.subscription.add(
      listener.bound.subscribe({
        next: ({ address, port, family }) => {
          const host = family === 'IPv6' ? `[${address}]` : address;
          const turned = `${turnedBy(base.threads)}, ${base.method}`;
          console.log(`listening on ${host}:${String(port)} (${turned})`);
          if (process.stdout.isTTY) void this.start();
        },
        // Subscribers of the listener have the error, too.
        error: () => undefined,
      }),
    );
    this.subscription.add(
      listener.errors.subscribe((error) => {
        this.say(`accepting pauses: ${error.message}`);
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

  /** Says that the server waits for its connections to end. */
  readonly finishing = (): void => {
    this.ending = '  finishing, Ctrl-C to stop now';
    this.show();
  };

  /** Prints a line above the live one. */
  readonly say = (what: unknown): void => {
    this.terminal?.clear();
    console.error(String(what));
    this.show();
  };

  /** The end of the server: the live line stops, and an error makes the exit code. */
  readonly end: Partial<Observer<unknown>> = {
    error: (error: unknown) => {
      this.stop();
      console.error(String(error));
      process.exitCode = 1;
    },
    complete: () => {
      this.stop();
    },
  };

  stop(): void {
    this.subscription.unsubscribe();
  }

  private async start(): Promise<void> {
    const { default: terminal } = await import('log-update');
    if (this.subscription.closed) return;
    this.terminal = terminal;
    let before = { lines: this.lines, bytes: this.base.stats.receivedBytes };
    this.subscription.add(
      interval(PERIOD_MS).subscribe(() => {
        const now = { lines: this.lines, bytes: this.base.stats.receivedBytes };
        const rate = Math.round(((now.lines - before.lines) * 1000) / PERIOD_MS);
        // The counter is 32 bits wide.
        const megabytes = (((now.bytes - before.bytes) >>> 0) * 1000) / PERIOD_MS / 1e6;
        before = now;
        const lineRate = now.lines > 0 ? `  ${rate.toLocaleString('en')} lines/s` : '';
        this.rates = `${lineRate}  ${megabytes.toFixed(1)} MB/s`;
        this.show();
      }),
    );
    this.subscription.add(() => {
      terminal.done();
    });
  }

  private show(): void {
    const noun = this.connections === 1 ? 'connection' : 'connections';
    this.terminal?.(`${this.connections.toLocaleString('en')} ${noun}${this.rates}${this.ending}`);
  }
}
