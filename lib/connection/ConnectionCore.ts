import { interval, Observable, Subject } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { type Few, each, withItem, withoutItem } from '../common/few';
import type { ConnectionEvent } from './ConnectionEvent';
import type { ConnectionObserver } from './ConnectionObserver';
import type { ConnectionOptions } from './ConnectionConfig';
import { Input, type InputOwner } from './Input';
import { Output } from './Output';
import type { OutputOwner } from './OutputOwner';
import type { Idling } from './IdleWatch';
import { type TimeoutDirection, Timeouts } from './Timeouts';
import type { CloseMode, Transport, TransportHandler } from './Transport';

/** Notified once, when a connection is gone. */
export interface ClosedListener {
  onClosed(): void;
}

/** Codes of writing to a peer that has closed or reset its end. */
const PEER_HAS_GONE = ['EPIPE', 'ECONNRESET'];

/**
 * What is behind a connection: its two halves, and how it ends. Takes what the transport reports to
 * the half that it concerns, and ends the transport once.
 */
export class ConnectionCore implements TransportHandler, InputOwner, OutputOwner, Idling {
  readonly input: Input;
  readonly output: Output;
  /** The first error of the transport or of the output. */
  private ownFailure: LibeventError | undefined;
  /** What was given to {@link ConnectionCore.abort}. */
  private aborted: unknown;
  /** A test or a recording. */
  observer: ConnectionObserver | undefined;
  /**
   * In order: both ends have ended, and the transport closes. A mode of closing: it closes otherwise.
   * Closed: it has closed, and all has been sent. Cut: it has closed by an error, `reset`, `destroy`
   * or a deadline.
   */
  private state: 'open' | 'inOrder' | CloseMode | 'closed' | 'cut' = 'open';
  /** The input, until its end has been delivered, and what derives from it and still works. */
  private underWay = 1;
  private eventSubject: Subject<ConnectionEvent> | undefined;
  private closedListeners: Few<ClosedListener>;
  private madeTimeouts: Timeouts | undefined;

  /** @param connection - what `heldBy` of a source names */
  constructor(
    private carrier: Transport,
    private readonly options: ConnectionOptions,
    connection: unknown,
  ) {
    this.input = new Input(carrier, options.read, this);
    this.output = new Output(carrier, options, connection, this);
    carrier.attach(this);
    const { readTimeoutMs, writeTimeoutMs, idleTimeoutMs } = options;
    if (readTimeoutMs + writeTimeoutMs + idleTimeoutMs > 0) {
      this.madeTimeouts = new Timeouts(carrier, options, this);
    }
  }

  get transport(): Transport {
    return this.carrier;
  }

  /** Another transport carries it from here on, over the one before. */
  moveTo(transport: Transport): void {
    if (transport === this.carrier) return;
    this.carrier = transport;
    transport.attach(this);
    this.input.moveTo(transport);
    this.output.moveTo(transport);
    this.madeTimeouts?.moveTo(transport);
  }

  /** What has ended the connection, if it was an error. */
  get failure(): unknown {
    return this.aborted ?? this.ownFailure;
  }

  get encoding(): BufferEncoding {
    return this.options.encoding;
  }

  get allowsHalfOpen(): boolean {
    return this.options.allowHalfOpen;
  }

  get isClosed(): boolean {
    return this.state === 'closed' || this.state === 'cut';
  }

  get isCut(): boolean {
    return this.state === 'cut';
  }

  /** Whether the input, or something that derives from it, is under way. */
  get works(): boolean {
    return this.underWay > 0;
  }

  /** Whether it is read, or something works on it. */
  get inUse(): boolean {
    const { input } = this;
    return input.isRead || this.underWay > (input.ended ? 0 : 1);
  }

  get movedBytes(): number {
    return this.input.receivedBytes + this.transport.sent;
  }

  get rests(): boolean {
    return this.input.source.held && this.output.bytes === 0;
  }

  get timeouts(): Timeouts {
    return (this.madeTimeouts ??= new Timeouts(this.transport, this.options, this));
  }

  get events(): Observable<ConnectionEvent> {
    this.eventSubject ??= new Subject();
    if (this.isClosed) this.eventSubject.complete();
    return this.eventSubject;
  }

  /** Emits once and completes when the connection is gone, at once if it is already. */
  get whenClosed(): Observable<void> {
    return new Observable((subscriber) => {
      const listener: ClosedListener = {
        onClosed: () => {
          subscriber.next();
          subscriber.complete();
        },
      };
      this.listen(listener);
      return () => {
        this.forget(listener);
      };
    });
  }

  /** As {@link whenClosed}, without what an Observable costs each connection. */
  listen(listener: ClosedListener): void {
    if (this.isClosed) listener.onClosed();
    else this.closedListeners = withItem(this.closedListeners, listener);
  }

  forget(listener: ClosedListener): void {
    this.closedListeners = withoutItem(this.closedListeners, listener);
  }

  /** A source has failed: RST, so that the peer does not take what it has got for the whole. */
  abort(mode: 'drop' | 'reset', error?: unknown): void {
    if (this.state === 'open') this.aborted = error;
    this.end(mode);
    this.input.abort(error);
  }

  /** Flushes, sends FIN and waits for the peer's, at most for `deadlineMs` without progress. */
  close(deadlineMs: number): void {
    this.output.finish(this.state === 'open');
    this.linger(deadlineMs);
    this.input.abort(undefined);
  }

  onOverflow(error: LibeventError): void {
    this.fail(error, 'reset');
  }

  onRefused(): void {
    this.report({ type: 'refused' });
  }

  /** The output stays open for what derives from the input, until all of it has been released. */
  keepOpen(): () => void {
    this.beginWork();
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.endWork();
    };
  }

  /** As {@link keepOpen}, for who calls {@link endWork} once by itself: a closure costs memory. */
  beginWork(): void {
    this.underWay += 1;
  }

  endWork(): void {
    this.underWay -= 1;
    if (this.works || this.options.allowHalfOpen || this.state !== 'open') return;
    this.output.finish();
  }

  onSaturation(change: 'saturated' | 'drained'): void {
    this.observer?.onSaturation(change === 'saturated');
    this.report({ type: change });
  }

  onHoldsChanged(): void {
    this.observer?.onHolds(this.input.source.heldBy);
    this.madeTimeouts?.holdsChanged();
  }

  onInputEnded(): void {
    this.endWork();
    this.closeIfDone();
  }

  onData(chunk: Buffer): void {
    this.observer?.onData?.(chunk);
    this.input.receive(chunk);
  }

  onEnd(error: LibeventError | undefined): void {
    this.observer?.onEnd?.(error);
    // Under way while the connection was dropped: it has ended already, in its own way.
    if (!this.endable) return;
    if (error === undefined) {
      this.report({ type: 'eof' });
    } else {
      this.ownFailure ??= error;
      this.output.onFailed(error);
      this.report({ type: 'error', direction: 'read', error });
    }
    this.input.end(error);
    // Nothing more can come, and after an error nothing can go: the socket is of no use.
    if (error !== undefined) this.end('drop');
  }

  onSent(): void {
    this.output.onSent();
  }

  onDrained(): void {
    this.output.onDrained();
  }

  onFinished(): void {
    this.output.onFinished();
    this.report({ type: 'finished' });
    this.closeIfDone();
  }

  onWriteFailed(error: LibeventError): void {
    this.ownFailure ??= error;
    this.output.onFailed(error);
    this.report({ type: 'error', direction: 'write', error });
    // What the peer has sent before it went can still be read; an error of our own ends all.
    if (!PEER_HAS_GONE.includes(error.code)) this.fail(error, 'reset');
    this.closeIfDone();
  }

  onHangup(error: LibeventError | undefined): void {
    this.report({ type: 'hangup', error });
    if (error !== undefined) this.output.onFailed(error);
  }

  onTimeout(direction: TimeoutDirection): void {
    this.observer?.onTimeout?.(direction);
    // The next one may be under way while the connection ends because of the one before.
    if (!this.endable) return;
    this.report({ type: 'timeout', direction });
    const error = this.timeouts.errorOf(direction);
    if (error !== undefined) this.fail(error, 'drop');
  }

  onUnwatched(error: LibeventError): void {
    if (this.endable) this.fail(error, 'drop');
  }

  onOptionFailed(error: LibeventError): void {
    this.report({ type: 'optionFailed', error });
  }

  onClosed(error: LibeventError | undefined): void {
    if (this.isClosed) return;
    const failure = error ?? this.ownFailure;
    const inOrder = this.state === 'inOrder' || (this.state === 'linger' && this.output.done);
    this.state = inOrder && failure === undefined ? 'closed' : 'cut';
    this.madeTimeouts?.end();
    this.output.onClosed(failure);
    this.input.end(failure);
    this.report({ type: 'closed' });
    this.eventSubject?.complete();
    const { closedListeners } = this;
    this.closedListeners = undefined;
    each(closedListeners, (listener) => {
      listener.onClosed();
    });
  }

  /** Whether it can still be ended, harder if it lingers. */
  private get endable(): boolean {
    return this.state === 'open' || this.state === 'linger';
  }

  /** One that lingers waits for the peer's end, and the transport sees that. */
  private closeIfDone(): void {
    if (this.state !== 'open' || !this.input.ended || !this.output.done) return;
    this.state = 'inOrder';
    this.transport.close('drop', 0);
  }

  /** Ends because of an error of our own: what has come is emitted first, then the error. */
  private fail(error: LibeventError, mode: 'drop' | 'reset'): void {
    this.ownFailure ??= error;
    this.output.onFailed(error);
    this.end(mode);
    this.input.end(error);
  }

  /**
   * Lingers, at first for the end of a file that is being sent; drops if nothing of it is sent for
   * as long as the deadline says.
   */
  private linger(deadlineMs: number): void {
    const { file } = this.output;
    if (file === undefined || this.state !== 'open') {
      this.end('linger', deadlineMs);
      return;
    }
    let sent = this.transport.sent;
    // A timer of RxJS: in a marble test its time is virtual.
    const deadline = interval(deadlineMs).subscribe(() => {
      const before = sent;
      sent = this.transport.sent;
      if (sent === before) this.end('drop');
    });
    file.whenEnded(() => {
      deadline.unsubscribe();
      this.end('linger', deadlineMs);
    });
  }

  /** Only a connection that lingers can be ended once more: harder. */
  private end(mode: CloseMode, deadlineMs = 0): void {
    if (!this.endable || (this.state === 'linger' && mode === 'linger')) return;
    // The transport resets where it has not sent all; of a file that is cut short it cannot know.
    const how = mode === 'drop' && this.output.file !== undefined ? 'reset' : mode;
    this.state = how;
    this.madeTimeouts?.end();
    if (how !== 'linger') this.output.stop();
    this.transport.close(how, deadlineMs);
  }

  private report(event: ConnectionEvent): void {
    this.eventSubject?.next(event);
  }
}
