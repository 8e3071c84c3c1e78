import { constants } from 'node:os';
import { LibeventError } from '../common/LibeventError';
import { hasUvLoop } from '../common/hasUvLoop';
import type { SignalHandle, SignalHandler } from '../events/Signals';
import { native } from '../native';
import type { CompletionHandler } from './CompletionHandler';
import type { Reactor } from './Reactor';
import { failedCallName } from './failedCallName';
import { priorityBits } from './priorityBits';

const { completion, submission, closeMode } = native.layout;

/** An `evsignal` of a reactor. */
export class RingSignal implements SignalHandle, CompletionHandler {
  id = 0;
  private readonly number: number;
  private ended = false;

  /** @throws LibeventError EBUSY while somebody else handles the signal; ENOTSUP where Node does not run */
  constructor(
    private readonly reactor: Reactor,
    private readonly signal: NodeJS.Signals,
    priority: number | undefined,
    private readonly handler: SignalHandler,
  ) {
    if (!hasUvLoop()) throw new LibeventError('ENOTSUP', 'uv_signal_init');
    this.number = constants.signals[signal];
    const errno = native.leaseSignal(this.number);
    if (errno !== 0) throw this.refusal(errno, 'sigaction');
    try {
      reactor.open(this);
    } catch (error) {
      native.releaseSignal(this.number);
      throw error;
    }
    reactor.submit(submission.signal, this.id, this.number, 0, priorityBits(priority));
  }

  /** The last count has been handled: the next one may come. */
  acknowledge(): void {
    if (!this.ended) this.reactor.submit(submission.credit, this.id, 1);
  }

  stop(): void {
    if (this.ended) return;
    this.ended = true;
    this.reactor.submit(submission.close, this.id, closeMode.drop);
  }

  complete(kind: number, a: number, b: number): void {
    // The reactor has done with the signal: only now may Node have it for itself.
    if (kind === completion.closed) native.releaseSignal(this.number);
    if (this.ended) return;
    if (kind === completion.fired) {
      this.handler.onSignal(a >>> 0);
    } else if (kind === completion.failed) {
      this.ended = true;
      this.handler.onEnded(this.refusal(a, failedCallName(b)));
    }
  }

  abandon(error: LibeventError | undefined): void {
    native.releaseSignal(this.number);
    if (this.ended) return;
    this.ended = true;
    this.handler.onEnded(error);
  }

  private refusal(errno: number, syscall: string): LibeventError {
    const error = LibeventError.of(errno, syscall);
    if (error.code !== 'EBUSY') return error;
    const detail =
      syscall === 'sigaction'
        ? `${this.signal} is handled by Node or by another library of this process`
        : 'another base of this process has signals, and libevent allows one';
    return new LibeventError('EBUSY', syscall, { detail });
  }
}
