import {
  type Observable,
  type ObservableInput,
  type Observer,
  type Subscription,
  from,
  throwError,
  timer,
} from 'rxjs';
import type { SubscriberContext } from '../common/SubscriberContext';
import { received } from '../common/check';
import { LightSubscription } from '../flow/LightSubscription';
import type { Connection } from './Connection';
import type { ClosedListener } from './ConnectionCore';
import { nameOf, type SessionHandler } from './reportSessionError';

/** What the sessions of one {@link serve} have in common. */
export interface Serving {
  readonly handler: SessionHandler;
  /** Of the subscriber: in which pipelines are unsubscribed. */
  readonly context: SubscriberContext;
  readonly closeDeadlineMs: number;
  readonly onError: (error: unknown, connection: Connection) => void;
  ended(session: ServeSession): void;
}

/** Calls a handler. RxJS would not say which function has returned what is no source. */
function pipelineOf(handler: SessionHandler, connection: Connection): Observable<unknown> {
  const result: unknown = handler(connection);
  try {
    return from(result as ObservableInput<unknown>);
  } catch (cause) {
    const words = 'must return an Observable, a promise or an iterable';
    throw new TypeError(
      `${nameOf(handler)} ${words}, got ${result === null ? 'null' : received(result)}`,
      { cause },
    );
  }
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
  /**
   * Closing: the pipeline has ended, and the connection closes. Trailing: the connection has closed in
   * order, and the pipeline still works.
   */
  private state: 'running' | 'closing' | 'trailing' | 'ended' = 'running';
  private deadline: Subscription | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly serving: Serving,
  ) {
    super();
  }

  start(): void {
    const { connection } = this;
    connection.core.listen(this);
    let pipeline: Observable<unknown>;
    try {
      pipeline = pipelineOf(this.serving.handler, connection);
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
    if (this.closed || this.state === 'closing') return;
    try {
      this.fail(error);
    } catch (thrown) {
      reportUnhandled(thrown);
    }
  }

  complete(): void {
    if (!this.closed) this.finish();
  }

  /** A clean end unsubscribes nobody who still works: last values come out. */
  onClosed(): void {
    if (this.state !== 'running' || this.closed || this.connection.core.isCut) {
      this.end();
    } else {
      this.state = 'trailing';
      this.trail();
    }
  }

  /** Flushes and closes; the pipeline goes no further. */
  finish(): void {
    if (this.state === 'trailing') this.end();
    if (this.state !== 'running') return;
    this.state = 'closing';
    this.unsubscribePipeline();
    this.connection.close(this.serving.closeDeadlineMs);
  }

  destroy(): void {
    if (this.state === 'trailing') this.end();
    if (this.state === 'running') this.state = 'closing';
    this.unsubscribePipeline();
    this.connection.destroy();
  }

  /** The peer must not take what it has got for the whole. */
  private fail(error: unknown): void {
    const { connection, serving, state } = this;
    if (state === 'running') this.state = 'closing';
    try {
      serving.onError(error, connection);
    } finally {
      if (state === 'trailing') {
        this.end();
      } else {
        // First, since a reset completes readers: a half of the pipeline that still reads would take what
        // has come of a line for all of it.
        this.unsubscribePipeline();
        connection.reset();
      }
    }
  }

  /** What no held stage vouches for, as a timer that goes on for ever, ends at the deadline. */
  private trail(): void {
    this.deadline = timer(this.serving.closeDeadlineMs).subscribe(() => {
      if (this.connection.core.works) this.trail();
      else this.end();
    });
  }

  private end(): void {
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.deadline?.unsubscribe();
    this.unsubscribePipeline();
    this.serving.ended(this);
  }

  /** What a teardown of the pipeline throws must not keep the connection open. */
  private unsubscribePipeline(): void {
    try {
      this.serving.context.runInAsyncScope(() => {
        this.unsubscribe();
      });
    } catch (error) {
      reportUnhandled(error);
    }
  }
}
