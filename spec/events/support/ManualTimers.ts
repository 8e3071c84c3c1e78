import type { TimerHandle, TimerHandler, Timers, TimerSpec } from '../../../lib/events/Timers';

interface Entry {
  readonly dueMs: number;
  readonly spec: TimerSpec;
  readonly handler: TimerHandler;
}

/** Timers in a time that a spec moves by hand. */
export class ManualTimers implements Timers {
  private readonly entries = new Set<Entry>();
  private time = 0;
  readonly refusal = undefined;

  get pending(): number {
    return this.entries.size;
  }

  now(): number {
    return this.time;
  }

  start(spec: TimerSpec, handler: TimerHandler): TimerHandle {
    const entry = { dueMs: this.time + spec.dueMs, spec, handler };
    this.entries.add(entry);
    return {
      stop: () => {
        this.entries.delete(entry);
      },
    };
  }

  /** Goes on by `ms` milliseconds; what is due fires in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.entries].sort((one, other) => one.dueMs - other.dueMs);
      if (next === undefined || next.dueMs > end) break;
      this.time = Math.max(this.time, next.dueMs);
      this.entries.delete(next);
      next.handler.onFired(1);
    }
    this.time = end;
  }

  /** Time passes while nothing can be reported; the next {@link advance} reports it. */
  block(ms: number): void {
    this.time += ms;
  }

  /** Reports to every timer how many points of its grid have passed. */
  fire(expirations: number): void {
    for (const { handler } of [...this.entries]) handler.onFired(expirations);
  }
}
