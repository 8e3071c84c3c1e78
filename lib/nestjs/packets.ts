import { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import type { Connection } from '../connection/Connection';
import { frames } from '../framing/frames';
import { PacketDecoder } from './PacketDecoder';

/** Limits of the packets that are read. */
export interface PacketLimits {
  readonly maxBufferSize: number;
  readonly incompleteMessageTimeout: number;
}

/**
 * The packets of a connection. One whose peer is silent for too long in the middle of a packet fails,
 * with RST.
 */
export function packets(connection: Connection, limits: PacketLimits): Observable<object> {
  const { maxBufferSize, incompleteMessageTimeout: timeoutMs } = limits;
  return new Observable((subscriber) => {
    const decoder = new TimedDecoder(maxBufferSize, timeoutMs, () => {
      // Silent because of us.
      if (connection.held) return 'waits';
      const detail = `the peer was silent for ${String(timeoutMs)} ms in the middle of a packet`;
      const error = new LibeventError('ETIMEDOUT', 'read', { detail });
      connection.error(error);
      subscriber.error(error);
      return 'ends';
    });
    subscriber.add(() => {
      decoder.stop();
    });
    return connection.pipe(frames(() => decoder)).subscribe(subscriber);
  });
}

/** A decoder whose packets have to go on. */
class TimedDecoder extends PacketDecoder {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    maxUnits: number,
    private readonly timeoutMs: number,
    private readonly onSilence: () => 'waits' | 'ends',
  ) {
    super(maxUnits);
  }

  override read(): object | undefined {
    const packet = super.read();
    if (packet === undefined) this.look();
    return packet;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** All that has come has been read. */
  private look(): void {
    if (this.unusedBytes === 0) this.stop();
    else if (this.timer !== undefined) this.timer.refresh();
    else if (this.timeoutMs > 0) {
      this.timer = setTimeout(() => {
        if (this.onSilence() === 'waits') this.timer?.refresh();
      }, this.timeoutMs).unref();
    }
  }
}
