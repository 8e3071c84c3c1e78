/** A time limit, for one thing at a time. It keeps no process alive. */
export class Deadline {
  private timer: NodeJS.Timeout | undefined;

  start(ms: number, onDue: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(onDue, ms).unref();
  }

  /** As {@link start}, but progress starts it anew: what is slow and steady is not cut. */
  startForProgress(ms: number, position: () => number, onDue: () => void): void {
    const before = position();
    this.start(ms, () => {
      if (position() === before) onDue();
      else this.startForProgress(ms, position, onDue);
    });
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
