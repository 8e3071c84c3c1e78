import type { Subscription } from 'rxjs';
import type { IdleWatch, Idling } from '../connection/IdleWatch';
import type { VirtualReactor } from './VirtualReactor';

/**
 * An idle timeout in virtual time: to the frame, and without a timer while there is nothing to wait
 * for, since virtual time ends when nothing is left to happen.
 */
export class VirtualIdleWatch implements IdleWatch {
  private movedBytes = 0;
  private timer: Subscription | undefined;
  private stopped = false;

  constructor(
    private readonly reactor: VirtualReactor,
    private readonly timeoutMs: number,
    private readonly idling: Idling,
  ) {
    this.renew();
  }

  /** Something has happened to the connection. */
  look(): void {
    const { movedBytes, rests } = this.idling;
    if (rests || movedBytes !== this.movedBytes || this.timer === undefined) this.renew();
  }

  renew(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
    const { movedBytes, rests } = this.idling;
    this.movedBytes = movedBytes;
    if (rests || this.stopped) return;
    this.timer = this.reactor.after(this.timeoutMs, () => {
      this.reactor.post(() => {
        if (!this.stopped) this.idling.onTimeout('idle');
      });
      this.renew();
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.unsubscribe();
  }
}
