import { TestScheduler } from 'rxjs/testing';
import { Connection } from '../../lib/connection/Connection';
import { type ConnectionConfig, connectionOptions } from '../../lib/connection/ConnectionConfig';
import { useTurns } from '../../lib/flow/laterTurn';
import { VirtualLink } from '../../lib/testing/VirtualLink';
import { VirtualReactor } from '../../lib/testing/VirtualReactor';
import { VirtualTransport } from '../../lib/testing/VirtualTransport';
import { type Harness, MAX_OUTPUT_BYTES, type Pair } from './Harness';

const SEND_BUFFER_BYTES = 1 << 20;
const ADDRESS = { family: 'IPv4', address: '127.0.0.1', port: 1 } as const;

/** Virtual time that goes on by itself: each frame when a case waits, and on to the next timer. */
export class VirtualHarness implements Harness {
  readonly name = 'the virtual transport';
  readonly moreThanSystem = 4 * SEND_BUFFER_BYTES;
  private scheduler = new TestScheduler(() => undefined);
  private reactor = new VirtualReactor(this.scheduler);

  async run(body: () => Promise<void>): Promise<void> {
    const scheduler = new TestScheduler(() => undefined);
    scheduler.maxFrames = 0;
    this.scheduler = scheduler;
    this.reactor = new VirtualReactor(scheduler);
    const restore = useTurns((turn) => {
      scheduler.schedule(turn);
    });
    try {
      await body();
    } finally {
      restore();
    }
  }

  open(config: ConnectionConfig = {}): Promise<Pair> {
    const options = connectionOptions({ maxOutputBytes: MAX_OUTPUT_BYTES, ...config });
    const seen: string[] = [];
    let received = Buffer.alloc(0);
    const link = new VirtualLink(
      { sendBufferBytes: SEND_BUFFER_BYTES, takes: Infinity, coalesce: true },
      {
        onBytes: (chunk) => {
          received = Buffer.concat([received, chunk]);
        },
        onFin: () => seen.push('fin'),
        onReset: () => seen.push('rst'),
      },
    );
    const transport = new VirtualTransport(this.reactor, link, options.read.high, {
      onDemand: () => undefined,
      onWrite: () => undefined,
    });
    const conn = new Connection(transport, options, {
      local: () => ADDRESS,
      remote: () => ADDRESS,
    });
    const remote = {
      send: (bytes: string | Uint8Array) => {
        link.send(Buffer.from(bytes as string));
      },
      end: () => {
        link.end();
      },
      reset: () => {
        link.fail('ECONNRESET');
      },
      read: (on: boolean) => {
        if (on) link.take(Infinity);
        else link.stop();
      },
      get received() {
        return received;
      },
      seen,
    };
    return Promise.resolve({ conn, remote });
  }

  async settled(): Promise<void> {
    await this.frame();
    await this.frame();
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      await this.frame();
      if (condition()) return;
      // The next timer fires only when nothing else is under way.
      const next = this.scheduler.actions[0];
      if (next === undefined) throw new Error(`nothing is left to happen: ${what}`);
      this.scheduler.maxFrames = next.delay;
    }
  }

  /** Everything of the present frame. */
  private async frame(): Promise<void> {
    await new Promise(setImmediate);
    this.scheduler.flush();
  }
}
