import { Turns } from './Turns';

const immediateTurns = new Turns((turn) => {
  setImmediate(turn);
});

let turns = immediateTurns;

/**
 * Runs a task in a later turn of the event loop, never inside the call. Tasks run in the order in
 * which they were left, and those of one turn share one `setImmediate`.
 *
 * The asynchronous context (`AsyncLocalStorage`) is that of whoever asked for the turn first.
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
 */
export function useTurns(schedule: (turn: () => void) => void): () => void {
  const outer = turns;
  const inner = new Turns(schedule);
  turns = inner;
  return () => {
    if (turns === inner) turns = outer;
  };
}
