import { useTurns } from '../../../lib/flow/laterTurn';

/** Turns that a spec runs by hand. */
export class ManualTurns {
  private readonly turns: (() => void)[] = [];
  private restore: (() => void) | undefined;

  get length(): number {
    return this.turns.length;
  }

  readonly schedule = (turn: () => void): void => {
    this.turns.push(turn);
  };

  /** Stands behind `laterTurn` until {@link ManualTurns.remove}. */
  install(): this {
    this.restore = useTurns(this.schedule);
    return this;
  }

  remove(): void {
    this.restore?.();
  }

  /** Runs one turn, if there is one. */
  runOne(): boolean {
    const turn = this.turns.shift();
    turn?.();
    return turn !== undefined;
  }

  /** Runs turns until there are none. One that never ends fails the spec. */
  runAll(): number {
    let count = 0;
    while (this.runOne()) {
      count += 1;
      if (count > 100_000) throw new Error('The turns do not end');
    }
    return count;
  }
}
