import { Observable } from 'rxjs';
import { SubscriberContext } from './SubscriberContext';

/** The same values, of which each subscriber is notified in the context in which it subscribed. */
export function inSubscriberContext<T>(source: Observable<T>): Observable<T> {
  return new Observable((subscriber) => {
    const context = new SubscriberContext();
    return source.subscribe({
      next: (value) => {
        context.callNext(subscriber, value);
      },
      error: (error: unknown) => {
        context.callError(subscriber, error);
      },
      complete: () => {
        context.callComplete(subscriber);
      },
    });
  });
}
