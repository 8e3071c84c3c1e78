import { LibeventError } from '../common/LibeventError';
import { checkInteger, type OptionTable } from '../common/check';
import type { ConnectionOptions } from './ConnectionConfig';
import type { Transport } from './Transport';

/** How long a direction may make no progress. */
export interface TimeoutsConfig {
  /** Without input while it is wanted, in ms; 0 for ever. Default: as it is. */
  readonly readTimeoutMs?: number;
  /** Without progress of pending output, in ms; 0 for ever. Default: as it is. */
  readonly writeTimeoutMs?: number;
}

export const TIMEOUT_OPTIONS: OptionTable<TimeoutsConfig> = {
  readTimeoutMs: true,
  writeTimeoutMs: true,
};

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The timeouts of a connection, and what one of them means. */
export class Timeouts {
  private readMs = 0;
  private writeMs = 0;

  constructor(
    private readonly transport: Transport,
    private readonly options: ConnectionOptions,
  ) {
    this.set(options);
  }

  set(config: TimeoutsConfig): void {
    const ms = (name: keyof TimeoutsConfig, fallback: number) =>
      checkInteger(name, config[name] ?? fallback, 0, MAX_TIMEOUT_MS, 'ms');
    const readMs = ms('readTimeoutMs', this.readMs);
    const writeMs = ms('writeTimeoutMs', this.writeMs);
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
