import type { ObservableInput, ObservedValueOf, OperatorFunction } from 'rxjs';
import { mergeHeld } from './mergeHeld';

/**
 * Maps each value to an inner Observable, runs at most `concurrency` of them, and holds the source
 * meanwhile.
 *
 * "Work on so many at once; the peer waits for the rest."
 *
 * ```
 * source  --a--b-----------c-----------|
 * inners    ----A|
 *                ----B|
 *                          ----C|
 * held      [---------]    [----]          concurrency 1
 * result  ------A----B---------C-------|
 * ```
 *
 * Takes the place of `mergeMap` where inners take time, since the scope of {@link hold} ends with
 * the turn. It is itself the current source of what it emits, so a hold from downstream passes
 * through it: to the source, and to the sources inside the inners. An inner that completes at once
 * holds nothing. While it is at work, `connection.heldBy` names `'mergeMapHeld'`.
 *
 * Values that come although the source is held wait in order. That is without bound only where the
 * source cannot be held (a timer, a foreign Observable): wrap such a source in `holdable`. Likewise
 * for what inners emit while somebody downstream holds: a promise has one value that waits, a
 * foreign Observable may have any number.
 *
 * An inner must not need the source to go on: it is held, and both would wait for ever. To read on
 * inside the work, take the subscription form, `conn.pipe(first(), concatMap(work), repeat())`, whose
 * `EmptyError` says that the input has ended; see `docs/flow-control.md`.
 *
 * - **Subscribe**: cold; subscribes to the source.
 * - **Next**: what the inners emit, in the order of its coming; nothing while somebody holds. Of
 *   what has waited, at most 256 values are emitted and 256 inners started in one turn.
 * - **Complete**: when the source and all inners have completed and nothing waits.
 * - **Error**: that of the source or of an inner, or what `project` throws. All inners end and all
 *   holds go at once; the error comes after the values that wait.
 * - **Unsubscribe**: unsubscribes from the source and the inners; all holds go. Chunks that no inner
 *   has had go back to their connection. Values of inners that wait are lost.
 *
 * @param project - turns a value and its number, from 0, into an inner; what it was given counts as
 *   consumed
 * @param concurrency - inners at a time, at most. Bounds: 1 to `Infinity`, which passes holds through
 *   and holds nothing for the inners' sake
 * @throws TypeError when `project` is not a function or `concurrency` not a number
 * @throws RangeError when `concurrency` is not a whole number of at least 1
 *
 * @example
 * ```ts
 * conn.pipe(
 *   lines(),
 *   mergeMapHeld((line) => database.find(line), 8),
 *   map((row) => `${JSON.stringify(row)}\n`),
 *   sendTo(conn),
 * );
 * ```
 *
 * @see {@link hold}; `concatMapHeld` for replies in order; RxJS `mergeMap`
 */
export function mergeMapHeld<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  concurrency: number,
): OperatorFunction<T, ObservedValueOf<O>> {
  return mergeHeld('mergeMapHeld', project, concurrency);
}
