import { Subscription, type TeardownLogic, type Unsubscribable } from 'rxjs';

/**
 * A Subscription that keeps its upstream in a field. RxJS keeps what is to be torn down in an
 * array, and the first `push` into an array makes room for 17: 184 bytes for each stage of an idle
 * connection's pipeline, which nearly always has one upstream and nothing else.
 */
export class LightSubscription extends Subscription {
  private upstream: Unsubscribable | undefined;

  override add(teardown: TeardownLogic): void {
    // Some who write JavaScript return null where there is nothing to tear down.
    const one = typeof teardown === 'object' ? (teardown as Unsubscribable | null) : null;
    if (one === null || this.closed || !this.takesUpstream) super.add(teardown);
    else if (one !== this) this.upstream = one;
  }

  override remove(teardown: Exclude<TeardownLogic, void>): void {
    if (teardown === this.upstream) this.upstream = undefined;
    else super.remove(teardown);
  }

  override unsubscribe(): void {
    if (this.closed) return;
    const { upstream } = this;
    this.upstream = undefined;
    try {
      super.unsubscribe();
    } finally {
      upstream?.unsubscribe();
    }
  }

  /** A source that subscribes again and again, as `repeat` does, leaves closed ones behind. */
  private get takesUpstream(): boolean {
    const { upstream } = this;
    return upstream === undefined || (upstream as Partial<Subscription>).closed === true;
  }
}
