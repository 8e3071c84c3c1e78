import type { Observable, Observer, Subscriber, Unsubscribable } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { borrow } from '../common/borrow';
import { Intake } from '../flow/Intake';
import type { Connection } from './Connection';
import type { OutputListener, WhenSaturated } from './Output';
import type { Chunk } from './Transport';

/** One subscription of {@link sendTo}. */
export class Sending implements Observer<Chunk>, OutputListener, Unsubscribable {
  private readonly intake: Intake<Chunk>;

  constructor(
    private readonly subscriber: Subscriber<never>,
    private readonly connection: Connection,
    private readonly whenSaturated: WhenSaturated,
  ) {
    this.intake = new Intake(this);
  }

  connect(source: Observable<Chunk>): void {
    const { subscriber } = this;
    subscriber.add(this);
    // The connection's end is the pipeline's, even if the source says no more.
    this.connection.output.listen(this);
    if (!subscriber.closed) borrow(source as Observable<Uint8Array>, this.intake);
  }

  next(chunk: Chunk): void {
    try {
      this.connection.send(chunk, this.whenSaturated);
    } catch (error) {
      this.subscriber.error(error);
    }
  }

  error(error: unknown): void {
    this.subscriber.error(error);
  }

  complete(): void {
    const stopWaiting = this.connection.whenLeft((error) => {
      this.onOutputEnded(error);
    });
    this.subscriber.add(stopWaiting);
  }

  onOutputEnded(error: LibeventError | undefined): void {
    if (error === undefined) this.subscriber.complete();
    else this.subscriber.error(error);
  }

  unsubscribe(): void {
    this.connection.output.forget(this);
    this.intake.unsubscribe();
  }
}
