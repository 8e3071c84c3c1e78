import { Observable, Subject } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import type { ConnectionEvent } from './ConnectionEvent';
import type { FileInOutput } from './FileInOutput';
import type { CloseMode, Transport } from './Transport';

/** How far a connection has got, why it ends, and who is told. Ends its transport once. */
export class Life {
  private eventSubject: Subject<ConnectionEvent> | undefined;
  private closedSubject: Subject<void> | undefined;
  /** The first error that came from the transport or the output. */
  failure: LibeventError | undefined;
  private state: 'open' | CloseMode | 'closed' = 'open';

  /** @param onDropped - told when the connection ends without flushing */
  constructor(
    private readonly transport: Transport,
    private readonly onDropped: () => void,
  ) {}

  get open(): boolean {
    return this.state === 'open';
  }

  get events(): Observable<ConnectionEvent> {
    this.eventSubject ??= new Subject();
    if (this.state === 'closed') this.eventSubject.complete();
    return this.eventSubject;
  }

  /** Emits once and completes when the connection is gone, at once if it is already. */
  get whenClosed(): Observable<void> {
    return new Observable((subscriber) => {
      if (this.state !== 'closed')
        return (this.closedSubject ??= new Subject()).subscribe(subscriber);
      subscriber.next();
      subscriber.complete();
      return undefined;
    });
  }

  /** Only a connection that lingers can be ended once more: harder. */
  end(mode: CloseMode, deadlineMs = 0): void {
    if (this.state !== 'open' && (this.state !== 'linger' || mode === 'linger')) return;
    this.state = mode;
    if (mode !== 'linger') this.onDropped();
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
    this.closedSubject?.next();
    this.closedSubject?.complete();
  }
}
