import { performance } from 'node:perf_hooks';

/** The frames of a recording: milliseconds, but for what happens in one turn of the event loop. */
export class RecordingClock {
  private readonly began = performance.now();
  private frame = 0;
  private state: 'running' | 'stopped' = 'running';

  /** @param onTurnEnds - called while it still stands */
  constructor(private readonly onTurnEnds: () => void) {}

  readonly now = (): number => {
    if (this.state === 'running') {
      this.frame = Math.max(this.frame, Math.floor(performance.now() - this.began));
      this.state = 'stopped';
      setImmediate(() => {
        this.onTurnEnds();
        this.state = 'running';
      }).unref();
    }
    return this.frame;
  };

  /** What follows in this turn has to come behind what was before. */
  advance(): void {
    this.now();
    this.frame += 1;
  }
}
