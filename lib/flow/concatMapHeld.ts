import type { ObservableInput, ObservedValueOf, OperatorFunction } from 'rxjs';
import { mergeHeld } from './mergeMapHeld';

/**
 * Maps each value to an inner Observable, runs one after the other, and holds the source meanwhile.
 *
 * "One thing at a time; the peer waits."
 *
 * ```
 * source  --a-----------b-----------|
 * inner     --A--A|
 *                       --B--B|
 * held      [-----]     [-----]
 * result  ----A--A--------B--B------|
 * ```
 *
 * Takes the place of `concatMap` where inners take time: request, work, reply, in order. It is
 * `mergeMapHeld` with a concurrency of 1, and all that is said there holds here; `connection.heldBy`
 * names `'concatMapHeld'`.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: what the inners emit, in the order of the source; nothing while somebody holds. Of what
 *   has waited, at most 256 values are emitted and 256 inners started in one turn.
 * - **Complete**: when the source and the last inner have completed and nothing waits.
 * - **Error**: that of the source or of an inner, or what `project` throws. The inner ends and all
 *   holds go at once; the error comes after the values that wait.
 * - **Unsubscribe**: unsubscribes from the source and the inner; all holds go. Chunks that no inner
 *   has had go back to their connection. Values of the inner that wait are lost.
 *
 * @param project - turns a value and its number, from 0, into an inner; what it was given counts as
 *   consumed
 * @throws TypeError when `project` is not a function
 *
 * @example
 * ```ts
 * conn.pipe(
 *   lines(),
 *   concatMapHeld((line) => fetch(`http://127.0.0.1:40713/${line}`)),
 *   map((response) => `${response.status}\n`),
 *   sendTo(conn),
 * );
 * ```
 *
 * @see `mergeMapHeld` for several at a time; RxJS `concatMap`
 */
export function concatMapHeld<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
): OperatorFunction<T, ObservedValueOf<O>> {
  return mergeHeld('concatMapHeld', project, 1);
}
