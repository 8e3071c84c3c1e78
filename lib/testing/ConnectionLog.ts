import type { ConnectionObserver } from '../connection/ConnectionObserver';
import type { CheckedChunk } from '../common/Chunk';
import type { Mark } from './Mark';
import { sign } from './Mark';
import type { Arrivals } from './VirtualLink';

/** What has happened on one connection of a test, frame by frame. */
export class ConnectionLog implements Arrivals, ConnectionObserver {
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
  readonly ending: Mark[] = [];

  private causes: readonly unknown[] = [];

  /** @param encoding - of the text that is written */
  constructor(
    private readonly now: () => number,
    private readonly encoding: () => BufferEncoding,
  ) {}

  onDemand(on: boolean): void {
    this.demand.push(sign(this.now(), on ? '^' : '!'));
  }

  onWrite(chunk: CheckedChunk): void {
    const value =
      typeof chunk === 'string' ? Buffer.from(chunk, this.encoding()) : Buffer.from(chunk);
    if (value.length > 0) this.writes.push({ frame: this.now(), char: undefined, value });
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

  onHolds(causes: readonly unknown[]): void {
    const last = this.causes;
    if (causes.length === last.length && causes.every((cause, i) => cause === last[i])) return;
    this.causes = causes;
    const frame = this.now();
    this.holds.push(
      causes.length === 0 ? sign(frame, '!') : { frame, char: undefined, value: causes },
    );
  }

  onSaturation(saturated: boolean): void {
    this.saturation.push(sign(this.now(), saturated ? '^' : '!'));
  }
}
