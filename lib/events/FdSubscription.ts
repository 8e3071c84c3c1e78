import type { Subscriber } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import type { Release } from '../flow/Release';
import { Source } from '../flow/Source';
import { enterSource, leaveSource } from '../flow/currentSource';
import { laterTurn } from '../flow/laterTurn';
import type { FdEventName, FdWatch, FdWatchHandler, FdWatches, FdWatchSpec } from './FdWatch';

/** One subscription of an `FdEvent`: its watch, its holds and what waits. */
export class FdSubscription implements FdWatchHandler {
  private readonly source: Source;
  private readonly waiting: FdEventName[] = [];
  private watch: FdWatch | undefined;
  private watching = false;
  private owed = false;
  private ended = false;
  private error: LibeventError | undefined;
  private emitting = false;

  constructor(
    private readonly subscriber: Subscriber<FdEventName>,
    private readonly spec: FdWatchSpec,
  ) {
    this.source = new Source({
      pause: () => {
        this.setWatching(false);
      },
      resume: () => {
        this.pump();
      },
      defer: laterTurn,
    });
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
    this.waiting.push(...events);
    this.pump();
  }

  onEnded(error: LibeventError | undefined): void {
    this.watch = undefined;
    this.watching = false;
    this.ended = true;
    this.error = error;
    this.pump();
  }

  stop(): void {
    this.waiting.length = 0;
    this.watching = false;
    this.watch?.stop();
    this.watch = undefined;
  }

  /** Emits what waits; when all of it has been handled, the descriptor is watched again. */
  private pump(): void {
    if (this.emitting) return;
    this.emitting = true;
    try {
      while (!this.source.waiting && !this.subscriber.closed && this.waiting.length > 0) {
        this.emit(this.waiting.shift() as FdEventName);
      }
    } finally {
      this.emitting = false;
    }
    if (this.source.waiting || this.subscriber.closed) return;
    if (this.ended) this.end();
    else this.goOn();
  }

  private emit(event: FdEventName): void {
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

  private goOn(): void {
    if (this.owed) {
      this.owed = false;
      this.watch?.acknowledge();
    }
    this.setWatching(true);
  }

  private end(): void {
    if (this.error === undefined) this.subscriber.complete();
    else this.subscriber.error(this.error);
  }

  private setWatching(on: boolean): void {
    if (on === this.watching || this.watch === undefined) return;
    this.watching = on;
    this.watch.watch(on);
  }
}
