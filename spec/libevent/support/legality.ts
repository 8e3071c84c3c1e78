import { Subscription } from 'rxjs';
import { LibeventError } from 'rxjs-libevent';

/**
 * Which method may be called in which state. A cell says what the call gives: `ok` where it may be
 * called, `done` for an Observable that completes at once, and else the code or the name of the
 * error that is thrown or emitted.
 */
export type Row<State extends string, Subject> = readonly [
  name: string,
  call: (subject: Subject) => unknown,
  cells: Readonly<Record<State, string>>,
];

/** What a call gives, in the words of a cell. */
export async function outcome(call: () => unknown): Promise<string> {
  try {
    const result = call();
    if (result instanceof Promise) await result;
    return 'ok';
  } catch (error) {
    return error instanceof LibeventError ? error.code : (error as Error).name;
  }
}

/** How an Observable ends, in the words of a cell: `ok` if it does not end at once. */
export function ending(subscribe: (observer: object) => Subscription): Promise<string> {
  return new Promise((resolve) => {
    const subscription = new Subscription();
    const tell = (word: string): void => {
      resolve(word);
      subscription.unsubscribe();
    };
    subscription.add(
      subscribe({
        next: () => tell('ok'),
        error: (error: LibeventError) => tell(error.code),
        complete: () => tell('done'),
      }),
    );
    // Whatever says nothing now is open.
    setImmediate(() => setImmediate(() => tell('ok')));
  });
}

/** The same word in each of the states. */
export function inAll<State extends string>(
  states: readonly State[],
): (word: string) => Record<State, string> {
  return (word) =>
    Object.fromEntries(states.map((state) => [state, word])) as Record<State, string>;
}

/** A spec for each cell of the rows. */
export function itGives<State extends string, Subject>(
  rows: readonly Row<State, Subject>[],
  inState: (state: State, call: (subject: Subject) => unknown) => unknown,
): void {
  describe.each(rows)('%s', (_name, call, cells) => {
    it.each(Object.keys(cells) as State[])('while it is %s', async (state) => {
      expect(await inState(state, call)).toBe(cells[state]);
    });
  });
}
