/**
 * Tasks that wait for a later turn. All tasks of one turn share one call of `schedule`; a task that
 * is added while a turn runs waits for the next one.
 */
class Turns {
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

const immediateTurns = new Turns((turn) => {
  setImmediate(turn);
});

let turns = immediateTurns;

/**
 * Runs a task in a later turn of the event loop, never inside the call. Tasks run in the order in
 * which they were left, and those of one turn share one `setImmediate`.
 *
 * The asynchronous context (`AsyncLocalStorage`) is that of the first to ask for the turn: a task
 * that notifies a subscriber does so in the subscriber's own, see `SubscriberContext`.
 */
export function laterTurn(task: () => void): void {
  turns.add(task);
}

/**
 * Puts another clock behind the later turns in which sources go on, as virtual time does:
 * `useTurns((turn) => testScheduler.schedule(turn))`. Tasks that wait already stay where they are.
 *
 * @param schedule - runs the turn it is given once, later and never inside the call
 * @returns puts back what was there before; nested uses end in the reverse order
 *
 * @example
 * ```ts
 * const restore = useTurns((turn) => testScheduler.schedule(turn));
 * ```
 */
export function useTurns(schedule: (turn: () => void) => void): () => void {
  const outer = turns;
  const inner = new Turns(schedule);
  turns = inner;
  return () => {
    if (turns === inner) turns = outer;
  };
}
