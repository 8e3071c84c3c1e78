import { LibeventError } from '../common/LibeventError';
import type { FdWatch, FdWatchHandler, FdWatches, FdWatchSpec } from '../events/FdWatch';
import type { Reactor } from './Reactor';
import { RingFd } from './RingFd';
import { closedBaseError } from './closedBaseError';

/** How a descriptor is watched now, and how often. */
interface Use {
  readonly edgeTriggered: boolean;
  count: number;
}

/** The descriptors that a reactor watches for somebody else. */
export class RingFds implements FdWatches {
  private readonly uses = new Map<number, Use>();

  constructor(private readonly reactor: Reactor) {}

  start(spec: FdWatchSpec, handler: FdWatchHandler): FdWatch {
    if (this.reactor.ending) throw closedBaseError('event_add');
    const { fd, edgeTriggered } = spec;
    const use = this.uses.get(fd) ?? { edgeTriggered, count: 0 };
    if (use.edgeTriggered !== edgeTriggered) {
      // The kernel has one mode for a descriptor: one of the two would miss events.
      const detail = `fd ${String(fd)} is watched ${use.edgeTriggered ? 'edge' : 'level'}-triggered`;
      throw new LibeventError('EINVAL', 'event_add', { detail });
    }
    const watch = new RingFd(this.reactor, spec, handler, () => {
      use.count -= 1;
      if (use.count === 0 && this.uses.get(fd) === use) this.uses.delete(fd);
    });
    use.count += 1;
    this.uses.set(fd, use);
    return watch;
  }
}
