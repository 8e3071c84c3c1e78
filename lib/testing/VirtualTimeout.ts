import type { Subscription } from 'rxjs';
import type { VirtualReactor } from './VirtualReactor';

/** A timeout that runs until it is stopped: progress stops it, and what still waits starts it again. */
export class VirtualTimeout {
  /** Milliseconds, 0 for never. */
  ms = 0;
  private timer: Subscription | undefined;

  constructor(
    private readonly reactor: VirtualReactor,
    private readonly onTimeout: () => void,
  ) {}

  /** One that runs goes on. */
  start(): void {
    if (this.ms === 0) return;
    this.timer ??= this.reactor.after(this.ms, () => {
      this.timer = undefined;
      this.onTimeout();
    });
  }

  /** One that runs begins anew. */
  restart(): void {
    this.stop();
    this.start();
  }

  stop(): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
  }
}
