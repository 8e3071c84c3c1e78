import { type Observable, type ObservableInput, type Subscription, from } from 'rxjs';
import type { Connection } from './Connection';

/** One connection that is being served: its pipeline, then its closing. */
export class ServeSession {
  private pipeline: Subscription | undefined;
  private finishing = false;

  constructor(
    private readonly connection: Connection,
    private readonly closeDeadlineMs: number,
    private readonly onError: ((error: unknown, connection: Connection) => void) | undefined,
    private readonly onEnded: (session: ServeSession) => void,
  ) {}

  start(handler: (connection: Connection) => ObservableInput<unknown>): void {
    const { connection } = this;
    connection.whenClosed.subscribe(() => {
      this.pipeline?.unsubscribe();
      this.onEnded(this);
    });
    let pipeline: Observable<unknown>;
    try {
      pipeline = from(handler(connection));
    } catch (error) {
      this.fail(error);
      return;
    }
    this.pipeline = pipeline.subscribe({
      error: (error: unknown) => {
        this.fail(error);
      },
      complete: () => {
        this.finish();
      },
    });
    if (this.finishing) this.pipeline.unsubscribe();
  }

  /** Flushes and closes; the pipeline goes no further. */
  finish(): void {
    if (this.finishing) return;
    this.finishing = true;
    this.pipeline?.unsubscribe();
    this.connection.close(this.closeDeadlineMs);
  }

  destroy(): void {
    this.finishing = true;
    this.pipeline?.unsubscribe();
    this.connection.destroy();
  }

  /** The peer must not take what it has got for the whole. */
  private fail(error: unknown): void {
    this.finishing = true;
    try {
      this.onError?.(error, this.connection);
    } finally {
      this.connection.reset();
    }
  }
}
