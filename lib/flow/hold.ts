import { type Release, currentSource } from './Source';

const nothing: Release = () => undefined;

/**
 * Holds the source of the value that is being handled, until the returned function is called.
 *
 * "Wait, I am not ready for more."
 *
 * ```
 * source   --a--b-----------c--d--
 * next       a  b (hold)
 * release               !
 * ```
 *
 * Works inside `next`, and in every operator that passes values on synchronously. Outside of such
 * a scope, or where the source cannot be held (a timer, a signal, a foreign Observable), it holds
 * nothing and the returned function does nothing.
 *
 * @param reason - what `connection.heldBy` names; default `'hold'`
 * @returns an idempotent release; the source goes on in a later turn
 *
 * @example
 * ```ts
 * conn.pipe(lines()).subscribe((line) => {
 *   const release = hold('writing to disk');
 *   file.write(line, release);
 * });
 * ```
 */
export function hold(reason: unknown = 'hold'): Release {
  return currentSource()?.hold(reason) ?? nothing;
}
