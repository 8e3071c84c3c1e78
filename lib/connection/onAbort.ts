import { Subscription } from 'rxjs';
import { AbortError } from '../common/AbortError';
import { laterTurn } from '../flow/laterTurn';

/**
 * Calls back once the signal is aborted: in a later turn where it is already, never inside the call.
 *
 * @returns what stops waiting for it
 */
export function onAbort(signal: AbortSignal, aborted: (error: AbortError) => void): Subscription {
  const subscription = new Subscription();
  const abort = (): void => {
    if (!subscription.closed) aborted(new AbortError(signal.reason));
  };
  if (signal.aborted) {
    laterTurn(abort);
  } else {
    signal.addEventListener('abort', abort, { once: true });
    subscription.add(() => {
      signal.removeEventListener('abort', abort);
    });
  }
  return subscription;
}
