/**
 * Checks the option `signal`.
 *
 * @throws TypeError for what is no AbortSignal
 */
export function abortSignal(signal: unknown): AbortSignal {
  // By what it can do: it may come from another realm.
  const { aborted, addEventListener } = signal as Partial<AbortSignal>;
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
  return signal as AbortSignal;
}
