import type { SchedulerLike, Subscription } from 'rxjs';
import { MarbleError } from './MarbleError';

/** A socket that a reactor looks at when something has happened to it. */
export interface VirtualHandler {
  /** Does what a pass of the event loop would do. */
  turn(): void;
}

/**
 * A reactor in virtual time. What JavaScript submits is done in a later pass, what a pass posts is
 * reported afterwards, never inside a call: as over the rings, but all of it in one frame.
 */
export class VirtualReactor {
  private readonly submissions: (() => void)[] = [];
  private completions: (() => void)[] = [];
  private readonly ready = new Set<VirtualHandler>();
  private woken = false;
  /** Virtual time has ended, and everything has been looked at. */
  ended = false;

  constructor(private readonly scheduler: SchedulerLike) {}

  /**
   * Refuses what would never happen: no frame comes after the last one.
   *
   * @param use - as `connection 1 was written to`
   * @throws MarbleError
   */
  checkRunning(use: string): void {
    if (!this.ended) return;
    throw new MarbleError(
      `${use} when its test had ended: nothing happens any more. Promises settle only then, and timers ` +
        'of Node fire: use at() or an Observable in their place',
    );
  }

  now(): number {
    return this.scheduler.now();
  }

  /** From JavaScript to the reactor. */
  submit(work: () => void): void {
    this.submissions.push(work);
    this.wake();
  }

  /** Nothing has been submitted behind this. */
  isLast(work: () => void): boolean {
    return this.submissions.at(-1) === work;
  }

  /** From the reactor to JavaScript. */
  post(completion: () => void): void {
    this.completions.push(completion);
    this.wake();
  }

  /** Something has happened to a socket. */
  look(handler: VirtualHandler): void {
    this.ready.add(handler);
    this.wake();
  }

  after(ms: number, work: () => void): Subscription {
    return this.scheduler.schedule(work, ms);
  }

  private wake(): void {
    if (this.woken) return;
    this.woken = true;
    this.scheduler.schedule(() => {
      this.woken = false;
      this.pass();
    });
  }

  /** What comes of submissions is reported before sockets are looked at, as where JavaScript turns the base. */
  private pass(): void {
    for (const work of this.submissions.splice(0)) work();
    if (this.completions.length === 0) {
      const ready = [...this.ready];
      this.ready.clear();
      for (const handler of ready) handler.turn();
    } else if (this.ready.size > 0) {
      this.wake();
    }
    const completions = this.completions;
    this.completions = [];
    let handled = 0;
    try {
      for (const complete of completions) {
        handled += 1;
        complete();
      }
    } finally {
      // One that throws must not take the others with it.
      if (handled < completions.length) {
        this.completions.unshift(...completions.slice(handled));
        this.wake();
      }
    }
  }
}
