import { VirtualTimeScheduler } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';

/** Lets this many frames pass, with everything in them. The scheduler's own flush would check expectations, too. */
export function advanceBy(scheduler: TestScheduler, frames: number): void {
  const until = scheduler.frame + frames;
  // RxJS gives no other way to begin them before its own flush does.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const { hotObservables } = scheduler;
  for (const hot of hotObservables.splice(0)) hot.setup();
  scheduler.maxFrames = until;
  VirtualTimeScheduler.prototype.flush.call(scheduler);
  scheduler.maxFrames = Infinity;
  scheduler.frame = until;
}
