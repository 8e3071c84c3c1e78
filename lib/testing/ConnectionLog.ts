import type { Connection } from '../connection/Connection';
import type { Mark } from './Mark';
import { sign } from './Mark';
import type { Arrivals } from './VirtualLink';
import type { TransportWatch } from './VirtualTransport';

/** What has happened on one connection of a test, frame by frame. */
export class ConnectionLog implements Arrivals, TransportWatch {
  /** `^` where reading begins, `!` where it stops. */
  readonly demand: Mark<never>[] = [];
  /** What the pipeline has written, when it wrote it. */
  readonly writes: Mark<Buffer>[] = [];
  /** What the peer has got, when it got it; `|` is FIN, `#` is RST. */
  readonly output: Mark<Buffer>[] = [];
  /** The causes, each time that they change; `!` where the last one lets go. */
  readonly holds: Mark<readonly unknown[]>[] = [];
  /** `^` saturated, `!` drained. */
  readonly saturation: Mark<never>[] = [];
  /** How the connection ended; see {@link Ending}. */
  readonly ending: Mark<string>[] = [];

  constructor(private readonly now: () => number) {}

  onDemand(on: boolean): void {
    this.demand.push(sign(this.now(), on ? '^' : '!'));
  }

  onWrite(chunk: Buffer): void {
    this.writes.push({ frame: this.now(), char: undefined, value: chunk });
  }

  onBytes(chunk: Buffer): void {
    this.output.push({ frame: this.now(), char: undefined, value: chunk });
  }

  onFin(): void {
    this.output.push(sign(this.now(), '|'));
  }

  onReset(): void {
    this.output.push(sign(this.now(), '#'));
  }

  /** Follows holds and saturation of a connection. */
  follow(connection: Connection): void {
    const { source } = connection.flow;
    const hold = source.hold.bind(source);
    let last: readonly unknown[] = [];
    const look = (): void => {
      const causes = source.heldBy;
      if (causes.length === last.length && causes.every((cause, i) => cause === last[i])) return;
      last = causes;
      const frame = this.now();
      this.holds.push(
        causes.length === 0 ? sign(frame, '!') : { frame, char: undefined, value: causes },
      );
    };
    // Holds reach the source from everywhere: the connection, hold(), sinks and operators.
    source.hold = (cause) => {
      const release = hold(cause);
      look();
      return () => {
        release();
        look();
      };
    };
    connection.events.subscribe(({ type }) => {
      if (type === 'saturated') this.saturation.push(sign(this.now(), '^'));
      else if (type === 'drained') this.saturation.push(sign(this.now(), '!'));
    });
  }
}
