import type { Observable } from 'rxjs';
import { Iteration } from '../flow/Iteration';

/**
 * Lets `for await` read a pipeline, one value at a time.
 *
 * "Read on when I have done this one."
 *
 * ```
 * source  --a-----------b-----------|
 * body      [------]    [---]
 * held      [------]    [---]
 * loop    --a-----------b-----------
 * ```
 *
 * The source is held from each value until the loop asks for the next one, so the peer of a connection
 * waits while the body runs; `connection.heldBy` names `'for await'`. A connection itself can be iterated
 * without this. Values of a source that cannot be held wait in order, without bound.
 *
 * - **Subscribe**: cold; each loop subscribes when it asks for its first value.
 * - **Next**: every value, in order, one for each time the loop asks.
 * - **Complete**: the loop ends.
 * - **Error**: the loop throws it, once, after the values that came before it.
 * - **Unsubscribe**: `break`, `return` and a throwing body unsubscribe. What they have not used goes back
 *   to the connection, the rest of a framer's chunk included (F6).
 *
 * @param source - any Observable
 *
 * @example
 * ```ts
 * for await (const line of toAsyncIterable(conn.pipe(lines()))) {
 *   await database.store(line);
 *   if (line === 'upgrade') break;
 * }
 * ```
 */
export function toAsyncIterable<T>(source: Observable<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new Iteration(source) };
}
