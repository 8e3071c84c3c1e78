import type { Release } from './Release';

/**
 * Counted holds, by cause. Only the first hold and the last release are told to the owner.
 *
 * A cause may hold more than once: every hold has a release of its own.
 */
export class Holds {
  private readonly causes = new Map<unknown, number>();
  private total = 0;

  /**
   * @param onHeld - called when the count goes from 0 to 1
   * @param onReleased - called when the count goes from 1 to 0
   */
  constructor(
    private readonly onHeld: () => void,
    private readonly onReleased: () => void,
  ) {}

  get held(): boolean {
    return this.total > 0;
  }

  get heldBy(): readonly unknown[] {
    return [...this.causes.keys()];
  }

  hold(cause: unknown): Release {
    this.causes.set(cause, (this.causes.get(cause) ?? 0) + 1);
    this.total += 1;
    try {
      if (this.total === 1) this.onHeld();
    } catch (error) {
      // Nobody will get a release, so nobody holds.
      this.forget(cause);
      throw error;
    }
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.forget(cause);
      if (this.total === 0) this.onReleased();
    };
  }

  private forget(cause: unknown): void {
    const count = this.causes.get(cause) ?? 0;
    if (count > 1) this.causes.set(cause, count - 1);
    else this.causes.delete(cause);
    this.total -= 1;
  }
}
