import { isReadable, type Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { Observable } from 'rxjs';
import { checkedOptions, type OptionTable, option } from '../common/options';
import { NodeReading } from './NodeReading';
import { WebReading } from './WebReading';

/** What becomes of a stream that is unsubscribed from before its end. */
export type WhenUnsubscribed = 'destroy' | 'leave';

/** Options of {@link fromReadable}. */
export interface FromReadableConfig {
  /**
   * `'destroy'`: an unsubscription destroys the Node stream, or cancels the Web stream. `'leave'`: the
   * stream stays as it is for the next reader, and what operators did not use goes back to it (F6); of
   * a Web stream a value that has been read and waits is lost. Default: `'destroy'`.
   */
  readonly whenUnsubscribed?: WhenUnsubscribed;
}

const OPTIONS = {
  whenUnsubscribed: option.oneOf<WhenUnsubscribed>(['destroy', 'leave']),
} satisfies OptionTable<FromReadableConfig>;

/**
 * A Node or Web readable as an Observable that can be held.
 *
 * "Read it as fast as the slowest of us."
 *
 * ```
 * stream  --a--b-c---------d--|
 * hold         [-----]
 * result  --a--b------c----d--|
 * ```
 *
 * `from(stream)` gathers what a saturated connection cannot take; this reads nothing more while somebody
 * holds: the stream fills up to its own mark, and stops its source. It is the current source of what it
 * emits, so `sendTo`, the held operators and `hold()` can hold it.
 *
 * - **Subscribe**: cold, but a stream has one reader: a second one at the same time gets a `TypeError`, as
 *   for a Web stream that is locked.
 * - **Next**: what the stream gives, as it is: Buffers, text after `setEncoding`, the values of an
 *   `objectMode` stream. At most 64 in one turn.
 * - **Complete**: at the end of the stream.
 * - **Error**: that of the stream; `ERR_STREAM_PREMATURE_CLOSE` for one that is destroyed before its end.
 * - **Unsubscribe**: destroys or cancels the stream, or leaves it, as `whenUnsubscribed` says.
 *
 * @throws TypeError for what is no readable stream
 *
 * @example
 * ```ts
 * fromReadable(createReadStream('access.log')).pipe(sendTo(conn, { end: true })).subscribe();
 * ```
 * @see `holdable` for sources of other kinds; `connection.sendFile` for a file as it is
 */
export function fromReadable<T = Buffer>(
  stream: Readable | ReadableStream<T>,
  config: FromReadableConfig = {},
): Observable<T> {
  const { whenUnsubscribed } = checkedOptions('config', config, OPTIONS);
  if (isWeb<T>(stream)) {
    return new Observable((subscriber) => {
      new WebReading(stream, whenUnsubscribed, subscriber).connect();
    });
  }
  if (!isNode(stream)) {
    throw new TypeError(`stream must be a Node or a Web readable, got ${typeof stream}`);
  }
  return new Observable((subscriber) => {
    new NodeReading(stream, whenUnsubscribed, subscriber).connect();
  });
}

function isWeb<T>(stream: unknown): stream is ReadableStream<T> {
  return typeof (stream as ReadableStream | null | undefined)?.getReader === 'function';
}

/** Whether it is one, also when it can no longer be read. One of before Node 0.10 has no `read`. */
function isNode(stream: unknown): stream is Readable {
  if (typeof (isReadable(stream as Readable) as boolean | null) !== 'boolean') return false;
  return typeof (stream as Partial<Readable>).read === 'function';
}
