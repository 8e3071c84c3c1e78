import type { FdWatch, FdWatchHandler, FdWatches, FdWatchSpec } from '../events/FdWatch';
import type { Reactor } from './Reactor';
import { RingFd } from './RingFd';
import { closedBaseError } from './closedBaseError';

/** The descriptors that a reactor watches for somebody else. */
export class RingFds implements FdWatches {
  constructor(private readonly reactor: Reactor) {}

  /** @throws LibeventError ERR_BASE_CLOSED; EBADF for a descriptor that is not open */
  start(spec: FdWatchSpec, handler: FdWatchHandler): FdWatch {
    if (this.reactor.ending) throw closedBaseError('event_add');
    return new RingFd(this.reactor, spec, handler);
  }
}
