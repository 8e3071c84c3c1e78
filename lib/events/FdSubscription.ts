import type { Subscriber } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { Emitter } from '../flow/Emitter';
import { type Release, enterSource, leaveSource } from '../flow/Source';
import type { FdEventName, FdWatch, FdWatchHandler, FdWatches, FdWatchSpec } from './FdWatch';

/** One subscription of an `FdEvent`: its watch, its holds and what waits. */
export class FdSubscription extends Emitter<FdEventName> implements FdWatchHandler {
  private watch: FdWatch | undefined;
  private watching = false;
  private owed = false;

  constructor(
    private readonly subscriber: Subscriber<FdEventName>,
    private readonly spec: FdWatchSpec,
  ) {
    super();
  }

  start(watches: FdWatches): void {
    this.watch = watches.start(this.spec, this);
    if (!this.source.held) this.setWatching(true);
  }

  /** @see `event_pending()` */
  get pending(): boolean {
    return this.watching && !this.owed;
  }

  hold(cause: unknown): Release {
    return this.source.hold(cause);
  }

  activate(event: FdEventName): void {
    this.watch?.activate(event);
  }

  onFired(events: readonly FdEventName[]): void {
    this.owed = true;
    this.context.runInAsyncScope(() => {
      for (const event of events) this.take(event);
    });
    if (!this.busy) this.onFree();
  }

  onEnded(error: LibeventError | undefined): void {
    this.watch = undefined;
    this.watching = false;
    this.context.runInAsyncScope(() => {
      this.end(() => {
        if (error === undefined) this.subscriber.complete();
        else this.subscriber.error(error);
      });
    });
  }

  stop(): void {
    this.close();
    this.watching = false;
    this.watch?.stop();
    this.watch = undefined;
  }

  protected override emit(event: FdEventName): void {
    if (this.subscriber.closed) return;
    const outer = enterSource(this.source);
    try {
      this.subscriber.next(event);
    } finally {
      leaveSource(outer);
    }
    const { events, timeoutMs } = this.spec;
    // The peer goes once: where nothing else is waited for, that was all.
    if (event === 'closed' && events.length === 1 && timeoutMs === 0) this.subscriber.complete();
  }

  protected override onHeld(): void {
    this.setWatching(false);
  }

  /** Everything has been handled: the descriptor is watched again. */
  protected override onFree(): void {
    if (this.subscriber.closed) return;
    if (this.owed) {
      this.owed = false;
      this.watch?.acknowledge();
    }
    this.setWatching(true);
  }

  private setWatching(on: boolean): void {
    if (on === this.watching || this.watch === undefined) return;
    this.watching = on;
    this.watch.watch(on);
  }
}
