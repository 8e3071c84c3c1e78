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
      void giveUp(reader, this.whenUnsubscribed);
    });
    this.pull();
  }

  protected override pull(): void {
    const { reader } = this;
    if (reader === undefined || this.request === 'pending' || !this.mayPull()) return;
    this.request = 'pending';
    readOf(reader).then(
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

/** A stream that is not the platform's may answer anything, or throw. */
async function readOf<T>(
  reader: ReadableStreamDefaultReader<T>,
): Promise<{ done: boolean; value: T }> {
  const result: unknown = await reader.read();
  if (typeof result !== 'object' || result === null) {
    const got = result === null ? 'null' : typeof result;
    throw new TypeError(`the reader of a stream must give { done, value }, got ${got}`);
  }
  // Looked at here, where a getter that throws is an error of the stream.
  const { done, value } = result as { done: boolean; value: T };
  return { done, value };
}

/** An error that comes now is nobody's any more. */
async function giveUp(reader: ReadableStreamDefaultReader, how: WhenUnsubscribed): Promise<void> {
  try {
    const cancelled = how === 'destroy' ? reader.cancel() : undefined;
    reader.releaseLock();
    await cancelled;
  } catch {
    return;
  }
}
