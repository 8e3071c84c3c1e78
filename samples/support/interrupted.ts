import { type Observable, Subject, throttleTime } from 'rxjs';

/** Signals that come closer together are one Ctrl-C. */
const ONE_PRESS_MS = 500;

/**
 * Emits at every Ctrl-C. The process goes on: npm passes a Ctrl-C on to a program that the terminal
 * has already notified, so the second signal must not kill it, and is not a second Ctrl-C.
 */
export function interrupted(): Observable<void> {
  const signals = new Subject<void>();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      signals.next();
    });
  }
  return signals.pipe(throttleTime(ONE_PRESS_MS));
}
