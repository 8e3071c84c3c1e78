import { performance } from 'node:perf_hooks';

/** The frames of a recording: milliseconds, but for what happens in one turn of the event loop. */
export class RecordingClock {
  private readonly began = performance.now();
  private frame = 0;
  private state: 'running' | 'stopped' = 'running';
  /** From whom something has come last, and when. */
  private last: { readonly peer: object; readonly frame: number } | undefined;

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

  /**
   * The frame of what comes from a peer. What comes from two of them in one turn comes in two frames: one behind the
   * other, as it did.
   */
  comesFrom(peer: object): number {
    const { last } = this;
    if (last !== undefined && last.peer !== peer && last.frame === this.now()) this.advance();
    const frame = this.now();
    this.last = { peer, frame };
    return frame;
  }

  /** What follows in this turn has to come behind what was before. */
  advance(): void {
    this.now();
    this.frame += 1;
  }
}
