import { checkInteger } from '../common/check';
import { MAX_MS } from '../connection/ConnectionConfig';

/** What {@link StreamIdleTimer} looks at. */
export interface Moving {
  /** Bytes that have been received, and that the system has taken. */
  readonly movedBytes: number;
}

/** The timeout of a `net.Socket`: comes once when nothing has moved for its time, and again after the next progress. */
export class StreamIdleTimer {
  timeoutMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private movedBytes = 0;

  constructor(
    private readonly moving: Moving,
    private readonly onIdle: () => void,
  ) {}

  /** @param timeoutMs - 0 for never */
  set(timeoutMs: number): void {
    this.timeoutMs = checkInteger('timeoutMs', timeoutMs, 0, MAX_MS, 'ms');
    clearTimeout(this.timer);
    this.timer = undefined;
    if (timeoutMs === 0) return;
    this.movedBytes = this.moving.movedBytes;
    this.timer = setTimeout(() => {
      this.look();
    }, timeoutMs).unref();
  }

  /** Something is read or written. */
  refresh(): void {
    this.timer?.refresh();
  }

  private look(): void {
    const { movedBytes } = this.moving;
    const moved = movedBytes > this.movedBytes;
    this.movedBytes = movedBytes;
    if (moved) this.timer?.refresh();
    else this.onIdle();
  }
}
