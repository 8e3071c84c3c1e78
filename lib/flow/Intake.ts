import type { Observer } from 'rxjs';
import { LightSubscription } from './LightSubscription';

/**
 * The receiving end of a held operator. It exists before the subscription does, so a source that
 * emits synchronously can be stopped from within its first value; RxJS takes an observer that is a
 * `Subscription` as the subscriber itself.
 */
export class Intake<T> extends LightSubscription implements Observer<T> {
  constructor(private readonly observer: Observer<T>) {
    super();
  }

  next(value: T): void {
    if (!this.closed) this.observer.next(value);
  }

  error(error: unknown): void {
    if (this.closed) return;
    this.unsubscribe();
    this.observer.error(error);
  }

  complete(): void {
    if (this.closed) return;
    this.unsubscribe();
    this.observer.complete();
  }
}
