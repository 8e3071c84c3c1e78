import type { Subscription } from 'rxjs';
import type { VirtualReactor } from './VirtualReactor';

/** A timeout that runs until it is stopped: progress stops it, and what still waits starts it again. */
export class VirtualTimeout {
  private timer: Subscription | undefined;

  constructor(
    private readonly reactor: VirtualReactor,
    private readonly onTimeout: () => void,
  ) {}

  /** @param ms - 0 for never; one that runs goes on */
  start(ms: number): void {
    if (ms === 0) return;
    this.timer ??= this.reactor.after(ms, () => {
      this.timer = undefined;
      this.onTimeout();
    });
  }

  stop(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }
}
