import { Observable, Subject } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import type { ConnectionEvent } from './ConnectionEvent';
import type { FileInOutput } from './FileInOutput';
import type { CloseMode, Transport } from './Transport';

/** Whoever is told once when a connection is gone. */
export interface ClosedListener {
  onClosed(): void;
}

/** What {@link Life} asks of its connection. */
export interface LifeOwner {
  /** The connection ends without flushing. */
  dropped(): void;
}

/** How far a connection has got, why it ends, and who is told. Ends its transport once. */
export class Life {
  private eventSubject: Subject<ConnectionEvent> | undefined;
  private closedListeners: readonly ClosedListener[] | undefined;
  /** The first error that came from the transport or the output. */
  failure: LibeventError | undefined;
  private state: 'open' | CloseMode | 'closed' = 'open';

  constructor(
    private readonly transport: Transport,
    private readonly owner: LifeOwner,
  ) {}

  get open(): boolean {
    return this.state === 'open';
  }

  /** Whether it can still be ended, harder if it lingers. */
  get endable(): boolean {
    return this.state === 'open' || this.state === 'linger';
  }

  get events(): Observable<ConnectionEvent> {
    this.eventSubject ??= new Subject();
    if (this.state === 'closed') this.eventSubject.complete();
    return this.eventSubject;
  }

  /** Emits once and completes when the connection is gone, at once if it is already. */
  get whenClosed(): Observable<void> {
    return new Observable((subscriber) => {
      const listener: ClosedListener = {
        onClosed: () => {
          subscriber.next();
          subscriber.complete();
        },
      };
      this.listen(listener);
      return () => {
        this.forget(listener);
      };
    });
  }

  /** As {@link whenClosed}, without what an Observable costs each connection. */
  listen(listener: ClosedListener): void {
    if (this.state === 'closed') listener.onClosed();
    else this.closedListeners = this.closedListeners?.concat(listener) ?? [listener];
  }

  forget(listener: ClosedListener): void {
    this.closedListeners = this.closedListeners?.filter((other) => other !== listener);
  }

  /** Only a connection that lingers can be ended once more: harder. */
  end(mode: CloseMode, deadlineMs = 0): void {
    if (!this.endable || (this.state === 'linger' && mode === 'linger')) return;
    this.state = mode;
    if (mode !== 'linger') this.owner.dropped();
    this.transport.close(mode, deadlineMs);
  }

  /**
   * Lingers, at first for the end of a file that is being sent; drops if that is not within the
   * deadline.
   */
  linger(deadlineMs: number, file: FileInOutput | undefined): void {
    if (file === undefined || !this.open) {
      this.end('linger', deadlineMs);
      return;
    }
    const deadline = setTimeout(() => {
      this.end('drop');
    }, deadlineMs);
    file.whenEnded(() => {
      clearTimeout(deadline);
      this.end('linger', deadlineMs);
    });
  }

  /** The transport is gone. Returns false if that is known. */
  close(): boolean {
    if (this.state === 'closed') return false;
    this.state = 'closed';
    return true;
  }

  /** Tells what has happened to whoever listens. */
  tell(event: ConnectionEvent): void {
    this.eventSubject?.next(event);
  }

  /** Tells everybody, after both halves have ended. */
  tellClosed(): void {
    this.tell({ type: 'closed' });
    this.eventSubject?.complete();
    const { closedListeners = [] } = this;
    this.closedListeners = undefined;
    for (const listener of closedListeners) listener.onClosed();
  }
}
