import { LibeventError } from '../common/LibeventError';
import type { CheckedChunk } from '../common/Chunk';
import type { Connection } from '../connection/Connection';
import type { TimeoutDirection } from '../connection/Timeouts';
import { ConnectionLog } from './ConnectionLog';
import { type Mark, sign } from './Mark';
import type { RecordingClock } from './RecordingClock';

/** What comes to a connection. */
export type RecordedInput = Buffer | `${TimeoutDirection}Timeout`;

/**
 * What a recording sees of a connection, from its making: beside a log, what comes, and when the system takes what was
 * written.
 */
export class RecordedLog extends ConnectionLog {
  readonly input: Mark<RecordedInput>[] = [];
  /** How many bytes had been taken in all, when something has happened. */
  readonly taken: { readonly frame: number; readonly bytes: number }[] = [];
  code: string | undefined;
  /** When it began. */
  readonly began: number;

  constructor(
    readonly connection: Connection,
    private readonly clock: RecordingClock,
  ) {
    super(clock.now, () => connection.core.encoding);
    this.began = clock.comesFrom(this);
    connection.core.observer = this;
    connection.events.subscribe((event) => {
      // A peer that is gone, seen by writing to it.
      if (event.type === 'error' && event.direction === 'write') this.end(event.error);
      if (event.type === 'finished') this.takeAll();
    });
    connection.whenClosed.subscribe(() => {
      const { failure, core } = connection;
      const frame = clock.now();
      if (failure instanceof LibeventError) {
        this.ending.push({ frame, char: '#', value: failure.code });
      } else if (!core.isCut) this.ending.push(sign(frame, '|'));
    });
  }

  /** Its peer has not taken all at once. */
  get isSlow(): boolean {
    return this.saturation.length > 0;
  }

  onData(chunk: Buffer): void {
    this.look();
    this.put(Buffer.from(chunk));
  }

  onEnd(error: LibeventError | undefined): void {
    this.look();
    this.end(error);
  }

  /** The peer's end, which is only one, whichever half of the connection hears of it first. */
  private end(error: LibeventError | undefined): void {
    if (this.code !== undefined) return;
    // It cuts off what is done in later turns: those come before it.
    if (error !== undefined) this.clock.advance();
    this.input.push(sign(this.clock.comesFrom(this), error === undefined ? '|' : '#'));
    this.code = error?.code;
  }

  onTimeout(direction: TimeoutDirection): void {
    this.put(`${direction}Timeout`);
  }

  override onWrite(chunk: CheckedChunk): void {
    this.look();
    super.onWrite(chunk);
  }

  override onSaturation(saturated: boolean): void {
    this.look();
    super.onSaturation(saturated);
  }

  /** Everything that was written has been sent. */
  private takeAll(): void {
    this.taken.push({ frame: this.clock.now(), bytes: this.connection.bytesWritten });
  }

  look(): void {
    const { closed, core, bytesWritten } = this.connection;
    // Its position is another connection's then.
    if (closed) return;
    const bytes = core.transport.sent;
    if (bytes <= (this.taken.at(-1)?.bytes ?? 0)) return;
    // In a frame of a test, a peer takes first: what was taken behind a write comes in the next one.
    const isSaturated = this.saturation.at(-1)?.char === '^';
    const isBehind = this.writes.at(-1)?.frame === this.clock.now();
    if (isBehind && (isSaturated || bytes < bytesWritten)) this.clock.advance();
    this.taken.push({ frame: this.clock.now(), bytes });
  }

  private put(value: RecordedInput): void {
    this.input.push({ frame: this.clock.comesFrom(this), char: undefined, value });
  }
}
