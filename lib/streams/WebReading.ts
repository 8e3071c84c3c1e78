import type { ReadableStream, ReadableStreamDefaultReader } from 'node:stream/web';
import type { Subscriber } from 'rxjs';
import type { WhenUnsubscribed } from './fromReadable';
import { StreamReading } from './StreamReading';

/** One subscription to a Web stream. */
export class WebReading<T> extends StreamReading<T> {
  private reader: ReadableStreamDefaultReader<T> | undefined;
  private request: 'none' | 'pending' = 'none';

  constructor(
    private readonly stream: ReadableStream<T>,
    private readonly whenUnsubscribed: WhenUnsubscribed,
    subscriber: Subscriber<T>,
  ) {
    super(subscriber);
  }

  connect(): void {
    const { stream, subscriber } = this;
    if (stream.locked) {
      subscriber.error(new TypeError('the stream is locked: it has a reader already'));
      return;
    }
    const reader = stream.getReader();
    this.reader = reader;
    subscriber.add(() => {
      this.close();
      if (this.whenUnsubscribed === 'destroy') reader.cancel().catch(() => undefined);
      reader.releaseLock();
    });
    this.pull();
  }

  protected override pull(): void {
    const { reader } = this;
    if (reader === undefined || this.request === 'pending' || !this.mayPull()) return;
    this.request = 'pending';
    reader.read().then(
      ({ done, value }) => {
        this.request = 'none';
        if (this.subscriber.closed) return;
        if (done) {
          this.complete();
          return;
        }
        this.take(value);
        this.pull();
      },
      (error: unknown) => {
        this.request = 'none';
        if (!this.subscriber.closed) this.fail(error);
      },
    );
  }
}
