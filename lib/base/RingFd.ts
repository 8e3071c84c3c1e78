import { LibeventError } from '../common/LibeventError';
import {
  FD_EVENTS,
  type FdEventName,
  type FdWatch,
  type FdWatchHandler,
  type FdWatchSpec,
} from '../events/FdWatch';
import { native } from '../native';
import type { CompletionHandler } from './CompletionHandler';
import type { Reactor } from './Reactor';
import { failedCallName } from './failedCallName';
import { priorityBits } from './priorityBits';
import { systemCall } from './systemCall';

const { completion, submission, closeMode, eventFlag } = native.layout;

/** An `event` on a descriptor, of a reactor. */
export class RingFd implements FdWatch, CompletionHandler {
  id = 0;
  private ended = false;

  constructor(
    private readonly reactor: Reactor,
    { fd, events, edgeTriggered, timeoutMs, priority }: FdWatchSpec,
    private readonly handler: FdWatchHandler,
  ) {
    // The owner may close its descriptor at any time: what is watched is a duplicate.
    const own = fd < 0 ? fd : systemCall(() => native.duplicateDescriptor(fd));
    try {
      reactor.open(this);
    } catch (error) {
      native.discardDescriptor(own);
      throw error;
    }
    const flags = events.reduce(
      (sum, event) => sum | eventFlag[event],
      edgeTriggered ? eventFlag.edge : 0,
    );
    reactor.submitDescriptor(submission.fd, this.id, own, flags, priorityBits(priority));
    if (timeoutMs > 0) {
      reactor.submitNumber(submission.interval, this.id, Math.ceil(timeoutMs * 1000));
    }
  }

  watch(on: boolean): void {
    this.reactor.submit(submission.read, this.id, on ? 1 : 0);
  }

  acknowledge(): void {
    this.reactor.submit(submission.credit, this.id, 1);
  }

  activate(event: FdEventName): void {
    this.reactor.submit(submission.activate, this.id, eventFlag[event]);
  }

  stop(): void {
    if (this.ended) return;
    this.ended = true;
    this.reactor.submit(submission.close, this.id, closeMode.drop);
  }

  complete(kind: number, a: number, b: number): void {
    if (this.ended) return;
    if (kind === completion.fired) {
      this.handler.onFired(FD_EVENTS.filter((name) => (a & eventFlag[name]) !== 0));
    } else if (kind === completion.failed) {
      this.end(LibeventError.of(a, failedCallName(b)));
    }
  }

  abandon(error: LibeventError | undefined): void {
    if (!this.ended) this.end(error);
  }

  private end(error: LibeventError | undefined): void {
    this.ended = true;
    this.handler.onEnded(error);
  }
}
