/**
 * Tasks that wait for a later turn. All tasks of one turn share one call of `schedule`; a task that
 * is added while a turn runs waits for the next one.
 */
export class Turns {
  private due: (() => void)[] = [];

  /** @param schedule - runs the turn it is given once, later and never inside the call */
  constructor(private readonly schedule: (turn: () => void) => void) {}

  add(task: () => void): void {
    this.due.push(task);
    if (this.due.length === 1) this.askForTurn();
  }

  private askForTurn(): void {
    this.schedule(() => {
      this.run();
    });
  }

  private run(): void {
    const tasks = this.due;
    this.due = [];
    let ran = 0;
    try {
      for (const task of tasks) {
        ran += 1;
        task();
      }
    } finally {
      // A task that throws must not take the others with it: they get a turn of their own.
      if (ran < tasks.length) {
        const asked = this.due.length > 0;
        this.due = [...tasks.slice(ran), ...this.due];
        if (!asked) this.askForTurn();
      }
    }
  }
}
