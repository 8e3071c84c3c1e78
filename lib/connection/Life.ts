import { Observable, Subject } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import type { ConnectionEvent } from './ConnectionEvent';
import type { FileInOutput } from './FileInOutput';
import type { CloseMode, Transport } from './Transport';

/** How far a connection has got, why it ends, and who is told. Ends its transport once. */
export class Life {
  readonly events = new Subject<ConnectionEvent>();
  /** The first error that came from the transport or the output. */
  failure: LibeventError | undefined;
  private readonly closed = new Subject<void>();
  private state: 'open' | CloseMode | 'closed' = 'open';

  /** @param onDropped - told when the connection ends without flushing */
  constructor(
    private readonly transport: Transport,
    private readonly onDropped: () => void,
  ) {}

  get open(): boolean {
    return this.state === 'open';
  }

  /** Emits once and completes when the connection is gone, at once if it is already. */
  get whenClosed(): Observable<void> {
    return new Observable((subscriber) => {
      if (this.state !== 'closed') return this.closed.subscribe(subscriber);
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

  /** Tells everybody, after both halves have ended. */
  tellClosed(): void {
    this.events.next({ type: 'closed' });
    this.events.complete();
    this.closed.next();
    this.closed.complete();
  }
}
