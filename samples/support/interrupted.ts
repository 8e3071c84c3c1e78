import { Observable } from 'rxjs';

/**
 * Emits at every Ctrl-C. The process goes on: npm passes a Ctrl-C on to a program that the terminal
 * has already told, so the second one must not kill it.
 */
export function interrupted(): Observable<void> {
  return new Observable((subscriber) => {
    process.on('SIGINT', () => {
      subscriber.next();
    });
    process.on('SIGTERM', () => {
      subscriber.next();
    });
  });
}
