import { Observable, type ObservableInput, type Subscriber } from 'rxjs';
import { SubscriberContext } from '../common/SubscriberContext';
import type { Connection } from './Connection';
import { ServeSession } from './ServeSession';

/** What is done with a connection that is open. */
export type Session<T> = (connection: Connection) => ObservableInput<T>;

/** One that is not served but asked for: what its pipeline emits is the result. */
class ConnectSession<T> extends ServeSession {
  constructor(
    private readonly subscriber: Subscriber<T>,
    connection: Connection,
    handler: Session<T>,
    closeDeadlineMs: number,
  ) {
    let failure: unknown;
    super(connection, {
      handler,
      context: new SubscriberContext(),
      closeDeadlineMs,
      onError: (error) => {
        failure = error;
      },
      ended: () => {
        // Output that has not been sent is an error, whatever has lost it.
        failure ??= connection.failure ?? connection.core.output.failure;
        if (failure === undefined) subscriber.complete();
        else subscriber.error(failure);
      },
    });
  }

  override next(value?: T): void {
    if (!this.closed) this.subscriber.next(value as T);
  }
}

/** Runs a session on each connection that comes; the connection is closed when its session ends. */
export function connectSession<T>(
  connections: Observable<Connection>,
  session: Session<T>,
  closeDeadlineMs: number,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    let open: Connection | undefined;
    const connecting = connections.subscribe({
      next: (connection) => {
        open = connection;
        const running = new ConnectSession(subscriber, connection, session, closeDeadlineMs);
        subscriber.add(() => {
          running.finish();
        });
        running.start();
      },
      // Once the connection has closed, its session says how it has ended.
      error: (error: unknown) => {
        if (open?.closed !== true) subscriber.error(error);
      },
      complete: () => {
        if (open === undefined) subscriber.complete();
      },
    });
    subscriber.add(connecting);
  });
}
