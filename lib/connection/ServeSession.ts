import { type Observable, type ObservableInput, type Observer, from, throwError } from 'rxjs';
import { LightSubscription } from '../flow/LightSubscription';
import type { Connection } from './Connection';
import type { ClosedListener } from './Life';

/** What the sessions of one {@link serve} have in common. */
export interface Serving {
  readonly closeDeadlineMs: number;
  readonly onError: ((error: unknown, connection: Connection) => void) | undefined;
  ended(session: ServeSession): void;
}

/** Hands an error to RxJS's `config.onUnhandledError`, as it does with what an observer throws. */
function reportUnhandled(error: unknown): void {
  throwError(() => error).subscribe();
}

/**
 * One connection that is being served: its pipeline, then its closing. It is the subscription to
 * the pipeline itself.
 */
export class ServeSession extends LightSubscription implements Observer<unknown>, ClosedListener {
  private finishing = false;

  constructor(
    private readonly connection: Connection,
    private readonly serving: Serving,
  ) {
    super();
  }

  start(handler: (connection: Connection) => ObservableInput<unknown>): void {
    const { connection } = this;
    connection.life.listen(this);
    let pipeline: Observable<unknown>;
    try {
      pipeline = from(handler(connection));
    } catch (error) {
      this.fail(error);
      return;
    }
    pipeline.subscribe(this);
  }

  next(): void {
    // What a pipeline emits is not looked at.
  }

  error(error: unknown): void {
    if (this.closed || this.finishing) return;
    try {
      this.fail(error);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  complete(): void {
    if (!this.closed) this.finish();
  }

  onClosed(): void {
    this.leave();
    this.serving.ended(this);
  }

  /** Flushes and closes; the pipeline goes no further. */
  finish(): void {
    if (this.finishing) return;
    this.finishing = true;
    this.leave();
    this.connection.close(this.serving.closeDeadlineMs);
  }

  destroy(): void {
    this.finishing = true;
    this.leave();
    this.connection.destroy();
  }

  /** The peer must not take what it has got for the whole. */
  private fail(error: unknown): void {
    this.finishing = true;
    try {
      this.serving.onError?.(error, this.connection);
    } finally {
      this.connection.reset();
      this.leave();
    }
  }

  /** What a teardown of the pipeline throws must not keep the connection open. */
  private leave(): void {
    try {
      this.unsubscribe();
    } catch (error) {
      reportUnhandled(error);
    }
  }
}
