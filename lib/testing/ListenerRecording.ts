import { Observable } from 'rxjs';
import type { Connection } from '../connection/Connection';
import type { RecordOptions } from './RecordConfig';
import { RecordedLog } from './RecordedLog';
import { RecordingClock } from './RecordingClock';
import { RecordingText } from './RecordingText';

/**
 * The sessions of all connections of a listener, as `recordMarbles` sees them.
 *
 * - **Subscribe**: to the listener.
 * - **Next**: its connections, each recorded from here on.
 * - **Complete**, **Error**: as the listener.
 * - **Unsubscribe**: from the listener; what is open is recorded on.
 */
export class ListenerRecording extends Observable<Connection> {
  private readonly logs: RecordedLog[] = [];

  /** @internal Comes from `recordMarbles`. */
  constructor(
    connections: Observable<Connection>,
    private readonly options: RecordOptions,
  ) {
    let clock: RecordingClock | undefined;
    super((subscriber) =>
      connections.subscribe({
        next: (connection) => {
          clock ??= new RecordingClock(() => {
            for (const log of this.logs) log.look();
          });
          this.logs.push(new RecordedLog(connection, clock));
          subscriber.next(connection);
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          subscriber.complete();
        },
      }),
    );
  }

  /** The sessions so far, as the text of one test. */
  override toString(): string {
    return new RecordingText(this.logs, this.options).ofListener();
  }
}
