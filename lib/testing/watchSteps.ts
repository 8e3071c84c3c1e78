import type { TestScheduler } from 'rxjs/testing';

/**
 * Calls for every step of virtual time, before it is done: the scheduler sets its frame once for each.
 *
 * @param onStep - with the number of steps and the frame; what it throws ends the run
 */
export function watchSteps(
  scheduler: TestScheduler,
  onStep: (steps: number, frame: number) => void,
): void {
  let { frame } = scheduler;
  let steps = 0;
  Object.defineProperty(scheduler, 'frame', {
    get: () => frame,
    set: (next: number) => {
      steps += 1;
      onStep(steps, next);
      frame = next;
    },
  });
}
