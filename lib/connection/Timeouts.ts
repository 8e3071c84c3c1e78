import { checkObject } from '../common/check';
import { LibeventError } from '../common/LibeventError';
import { checkedOptions, type OptionTable } from '../common/options';
import { CONNECTION_OPTIONS, type ConnectionOptions } from './ConnectionConfig';
import type { Transport } from './Transport';

/** How long a direction may make no progress. */
export interface TimeoutsConfig {
  /** Without input while it is wanted, in ms; 0 for ever. Default: as it is. */
  readonly readTimeoutMs?: number;
  /** Without progress of pending output, in ms; 0 for ever. Default: as it is. */
  readonly writeTimeoutMs?: number;
}

export const TIMEOUT_OPTIONS = {
  readTimeoutMs: CONNECTION_OPTIONS.readTimeoutMs,
  writeTimeoutMs: CONNECTION_OPTIONS.writeTimeoutMs,
} satisfies OptionTable<TimeoutsConfig>;

/** The timeouts of a connection, and what one of them means. */
export class Timeouts {
  private readMs = 0;
  private writeMs = 0;

  constructor(
    private readonly transport: Transport,
    private readonly options: ConnectionOptions,
  ) {
    this.apply(options.readTimeoutMs, options.writeTimeoutMs);
  }

  set(config: TimeoutsConfig): void {
    checkObject('config', config);
    const { readTimeoutMs: readMs, writeTimeoutMs: writeMs } = checkedOptions(
      'config',
      { readTimeoutMs: this.readMs, writeTimeoutMs: this.writeMs, ...config },
      TIMEOUT_OPTIONS,
    );
    this.apply(readMs, writeMs);
  }

  private apply(readMs: number, writeMs: number): void {
    if (readMs === this.readMs && writeMs === this.writeMs) return;
    this.readMs = readMs;
    this.writeMs = writeMs;
    this.transport.timeouts(readMs, writeMs);
  }

  /** What a timeout ends the connection with, if it does. */
  errorOf(direction: 'read' | 'write'): LibeventError | undefined {
    if (this.options.whenTimeout === 'event') return undefined;
    const ms = direction === 'read' ? this.readMs : this.writeMs;
    return new LibeventError('ETIMEDOUT', direction, { detail: `no progress for ${ms} ms` });
  }
}
