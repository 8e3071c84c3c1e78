import type { Observable, Subscription } from 'rxjs';

/** An observer that is the subscription itself, as RxJS's own operators have it. */
export interface BorrowingSubscriber extends Subscription {
  next(bytes: Uint8Array): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * The key of a source that lends its bytes. Registered, so that two copies of the package in one
 * process know each other.
 */
export const lend = Symbol.for('rxjs-libevent.lend');

/** A source whose bytes can be read in place. */
interface Lender {
  [lend](subscriber: BorrowingSubscriber): void;
}

/**
 * Subscribes to bytes that are valid during the call of `next` only: a subscriber that keeps some of them
 * copies them. A connection then pays no copy of its own; any other source is subscribed to as ever.
 */
export function borrow(source: Observable<Uint8Array>, subscriber: BorrowingSubscriber): void {
  const lender = source as Partial<Lender>;
  if (lender[lend] === undefined) source.subscribe(subscriber);
  else lender[lend](subscriber);
}
