import { checkObject } from '../common/check';
import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable } from '../common/options';
import { CONNECTION_OPTIONS, type ConnectionOptions } from './ConnectionConfig';
import type { IdleWatch, Idling } from './IdleWatch';
import type { Transport } from './Transport';

/** What a timeout is about. */
export type TimeoutDirection = 'read' | 'write' | 'idle';

/** How long a connection, or a direction of it, may make no progress. */
export interface TimeoutsConfig {
  /** Without input while it is wanted, in ms; 0 for ever. Default: as it is. */
  readonly readTimeoutMs?: number;
  /** Without progress of pending output, in ms; 0 for ever. Default: as it is. */
  readonly writeTimeoutMs?: number;
  /** Without progress of either, in ms; 0 for ever; see `ConnectionConfig`. Default: as it is. */
  readonly idleTimeoutMs?: number;
}

const OPTIONS = {
  readTimeoutMs: CONNECTION_OPTIONS.readTimeoutMs,
  writeTimeoutMs: CONNECTION_OPTIONS.writeTimeoutMs,
  idleTimeoutMs: CONNECTION_OPTIONS.idleTimeoutMs,
} satisfies OptionTable<TimeoutsConfig>;

/** The timeouts of a connection, and what one of them means. */
export class Timeouts {
  private readMs = 0;
  private writeMs = 0;
  private idleMs = 0;
  private idleWatch: IdleWatch | undefined;
  private ended = false;

  constructor(
    private transport: Transport,
    private readonly options: ConnectionOptions,
    private readonly idling: Idling,
  ) {
    this.apply(options);
  }

  /** What has been set below stays. */
  moveTo(transport: Transport): void {
    this.transport = transport;
  }

  set(config: TimeoutsConfig): void {
    checkObject('config', config);
    const now = {
      readTimeoutMs: this.readMs,
      writeTimeoutMs: this.writeMs,
      idleTimeoutMs: this.idleMs,
    };
    this.apply(checkedOptions('config', { ...now, ...config }, OPTIONS));
  }

  private apply(ms: Required<TimeoutsConfig>): void {
    const { readTimeoutMs: readMs, writeTimeoutMs: writeMs, idleTimeoutMs: idleMs } = ms;
    if (readMs !== this.readMs || writeMs !== this.writeMs) {
      this.readMs = readMs;
      this.writeMs = writeMs;
      this.transport.timeouts(readMs, writeMs);
    }
    if (idleMs === this.idleMs || this.ended) return;
    this.idleMs = idleMs;
    this.idleWatch?.stop();
    this.idleWatch = idleMs === 0 ? undefined : this.transport.idle(idleMs, this.idling);
  }

  /** A hold has come or gone. */
  holdsChanged(): void {
    this.idleWatch?.renew();
  }

  /** The connection ends, or lingers, with a deadline of its own. */
  end(): void {
    this.ended = true;
    this.idleWatch?.stop();
  }

  /** What a timeout ends the connection with, if it does. */
  errorOf(direction: TimeoutDirection): LibeventError | undefined {
    if (this.options.whenTimeout === 'event') return undefined;
    const ms = { read: this.readMs, write: this.writeMs, idle: this.idleMs }[direction];
    const what = direction === 'idle' ? 'nothing received or sent' : 'no progress';
    return new LibeventError('ETIMEDOUT', direction, { detail: `${what} for ${String(ms)} ms` });
  }
}
