import {
  Observable,
  type Observer,
  type OperatorFunction,
  type Subscriber,
  type Unsubscribable,
} from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { SubscriberContext } from '../common/SubscriberContext';
import { borrow } from '../common/borrow';
import { type Checked, checkedOptions, type OptionTable, option } from '../common/options';
import { Intake } from '../flow/Intake';
import {
  currentSubscribing,
  enterSubscribing,
  type HoldSet,
  type Subscribing,
} from '../flow/Source';
import { Connection } from './Connection';
import { notWritable } from './notWritable';
import { MAX_MARK_BYTES } from '../flow/Watermarks';
import type { OutputListener } from './OutputOwner';
import { checkChunk } from '../common/checkChunk';
import type { CheckedChunk, Chunk } from '../common/Chunk';
import {
  DEFAULT_DROP_ABOVE_BYTES,
  WHEN_SATURATED,
  type WhenSaturated,
  type Writer,
} from './WhenSaturated';

/** Options of {@link sendTo}. */
export interface SendToConfig {
  /**
   * What a saturated connection does with a value: `'hold'` the source and lose nothing, `'drop'`
   * the value where more than {@link SendToConfig.dropAboveBytes} wait (see
   * {@link Connection.dropped}), or `'close'` the connection with `ERR_SATURATED`. Default: `'hold'`.
   */
  readonly whenSaturated?: WhenSaturated;
  /**
   * Bytes of output that may wait before `'drop'` drops: above what a reader that keeps up has
   * waiting in a burst. A value that would exceed the connection's `maxOutputBytes` is dropped, too.
   * Default: 1048576. Bounds: 0 to 1073741824.
   */
  readonly dropAboveBytes?: number;
  /**
   * Ends the connection's output with the source: FIN behind its last byte when it completes, RST
   * when it fails, or when it is a connection that was ended before its peer had. Default: false.
   */
  readonly end?: boolean;
}

const OPTIONS = {
  whenSaturated: option.oneOf(WHEN_SATURATED),
  dropAboveBytes: option.integer('bytes', 0, MAX_MARK_BYTES, DEFAULT_DROP_ABOVE_BYTES),
  end: option.flag(false),
} satisfies OptionTable<SendToConfig>;

const DEFAULTS = checkedOptions('config', {}, OPTIONS);

/**
 * Writes every value to a connection and emits nothing.
 *
 * "Send it, and say when it has been sent."
 *
 * ```
 * source   --a--b--|
 * sendTo   -----------|   the bytes of b have been sent
 * ```
 *
 * The connection stays open; `end: true`, {@link serve} or `complete()` ends it. When the peer has ended, a
 * connection without `allowHalfOpen` keeps its output open until every `sendTo` that is fed by its
 * own input has completed.
 *
 * - **Subscribe**: subscribes to the source.
 * - **Next**: never.
 * - **Complete**: when the source has completed and its bytes have been sent, at once if they have;
 *   or when the connection has closed, all has been sent, and the source is not its own input.
 * - **Error**: the source's, or the connection's if its bytes cannot be sent: `ECANCELED` when they
 *   waited as it was closed. `ERR_NOT_WRITABLE` for a value that comes when the output has ended,
 *   whichever side has ended it, and for a subscription that does. A `TypeError` for a value that is neither
 *   bytes nor a string.
 * - **Unsubscribe**: from the source, which is released; what has been written is still sent.
 *
 * @param connection - where the values go
 *
 * @example
 * ```ts
 * of('one\n', 'two\n')
 *   .pipe(sendTo(conn, { end: true }))
 *   .subscribe({ complete: () => console.log('both have been sent') });
 * ```
 *
 * @see event2/bufferevent.h `bufferevent_write()`
 */
export function sendTo(
  connection: Connection,
  config?: SendToConfig,
): OperatorFunction<Chunk, never> {
  // One object for all: most connections have a `sendTo` of their own.
  const options = config === undefined ? DEFAULTS : checkedOptions('config', config, OPTIONS);
  return (source) =>
    new Observable<never>((subscriber) => {
      new Sending(subscriber, connection, options).connect(source);
    });
}

/** One subscription of {@link sendTo}. */
class Sending
  extends SubscriberContext
  implements Observer<Chunk>, OutputListener, Writer, Subscribing, Unsubscribable
{
  /** Held because of the values of this subscription. */
  holds: HoldSet | undefined;
  private state: 'sending' | 'completing' = 'sending';
  /** Of the sink that subscribes to this one, if one does. */
  readonly outer: Subscribing | undefined = currentSubscribing();
  /** What is sent derives from the connection's own input: it is kept open meanwhile. */
  private works = false;
  /** Whose end is to be passed on. The source itself would keep a whole pipeline in memory. */
  private origin: Connection | undefined;
  private readonly intake: Intake<Chunk>;

  constructor(
    private readonly subscriber: Subscriber<never>,
    private readonly connection: Connection,
    private readonly options: Checked<typeof OPTIONS>,
  ) {
    super();
    this.intake = new Intake(this);
  }

  get dropAboveBytes(): number {
    return this.options.dropAboveBytes;
  }

  connect(source: Observable<Chunk>): void {
    const { subscriber } = this;
    if (this.options.end && source instanceof Connection) this.origin = source;
    subscriber.add(this);
    const { output } = this.connection.core;
    if (!output.open) {
      subscriber.error(output.failure ?? notWritable());
      return;
    }
    output.listen(this);
    enterSubscribing(this);
    try {
      borrow(source as Observable<Uint8Array>, this.intake);
    } finally {
      enterSubscribing(this.outer);
    }
  }

  onFedBy(input: object): void {
    const { core } = this.connection;
    if (input !== core.input || this.subscriber.closed || this.works) return;
    this.works = true;
    core.beginWork();
  }

  next(chunk: Chunk): void {
    let bytes: CheckedChunk;
    try {
      bytes = checkChunk(chunk);
    } catch (error) {
      this.error(error);
      return;
    }
    const taken = this.connection.core.output.write(bytes, this.options.whenSaturated, this);
    if (!taken) this.subscriber.error(notWritable());
  }

  error(error: unknown): void {
    if (this.options.end) this.connection.error(error);
    this.subscriber.error(error);
  }

  complete(): void {
    const { output } = this.connection.core;
    output.releaseOf(this);
    this.state = 'completing';
    if (this.options.end) this.end();
    const stopWaiting = output.whenSent((error) => {
      this.finish(error);
    });
    this.subscriber.add(stopWaiting);
    this.endWork();
  }

  /** FIN means that this was all: of a connection that has been cut it was not. */
  private end(): void {
    const { connection, origin } = this;
    if (origin !== undefined && !origin.core.input.whole) connection.reset();
    else connection.complete();
  }

  private endWork(): void {
    if (!this.works) return;
    this.works = false;
    this.connection.core.endWork();
  }

  onOutputEnded(error: LibeventError | undefined, how: 'inOrder' | 'cut'): void {
    // What derives from the connection's own input may still bring a value, which then cannot be
    // taken; whatever else would have been sent to a peer that has left has no need to go on.
    const mayBring = this.works && this.state === 'sending';
    if (error === undefined && how === 'inOrder' && mayBring) return;
    this.finish(error);
  }

  private finish(error: LibeventError | undefined): void {
    const { subscriber } = this;
    if (error === undefined) this.callComplete(subscriber);
    else this.callError(subscriber, error);
  }

  unsubscribe(): void {
    this.endWork();
    this.connection.core.output.forget(this);
    this.connection.core.output.releaseOf(this);
    this.intake.unsubscribe();
  }
}
