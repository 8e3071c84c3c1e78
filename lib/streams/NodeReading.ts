import { finished, type Readable } from 'node:stream';
import type { Subscriber } from 'rxjs';
import type { WhenUnsubscribed } from './fromReadable';
import { StreamReading } from './StreamReading';

/** Streams that are being read. */
const reading = new WeakSet<Readable>();

/** One subscription to a Node stream. */
export class NodeReading<T> extends StreamReading<T> {
  constructor(
    private readonly stream: Readable,
    private readonly whenUnsubscribed: WhenUnsubscribed,
    subscriber: Subscriber<T>,
  ) {
    super(subscriber);
  }

  connect(): void {
    const { stream, subscriber } = this;
    if (reading.has(stream)) {
      subscriber.error(new TypeError('the stream is being read by another subscription'));
      return;
    }
    reading.add(stream);
    const onReadable = (): void => {
      this.context.runInAsyncScope(() => {
        this.pull();
      });
    };
    const forget = finished(stream, { writable: false }, (error) => {
      this.context.runInAsyncScope(() => {
        if (error) this.fail(error);
        else this.complete();
      });
    });
    subscriber.add(() => {
      reading.delete(stream);
      stream.off('readable', onReadable);
      this.close();
      forget();
      if (this.whenUnsubscribed === 'destroy') destroy(stream);
    });
    stream.on('readable', onReadable);
  }

  /** In front of what the stream has: unless it is destroyed, the next reader finds it there. */
  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    if (value !== this.current || this.whenUnsubscribed === 'destroy') return undefined;
    return (rest) => {
      if (rest.length > 0) this.stream.unshift(rest);
    };
  }

  protected override pull(): void {
    while (this.mayPull()) {
      const value = this.stream.read() as T | null;
      if (value === null) return;
      this.take(value);
    }
  }
}

/** An error that comes while it is being destroyed is nobody's any more. */
function destroy(stream: Readable): void {
  if (stream.destroyed) return;
  stream.on('error', () => undefined);
  stream.destroy();
}
