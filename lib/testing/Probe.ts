import { Observable } from 'rxjs';

/** A subscription, by its frames, as RxJS's `cold` and `hot` log them. */
export interface LoggedSubscription {
  readonly subscribedFrame: number;
  /** `Infinity` while it lasts. */
  readonly unsubscribedFrame: number;
}

/** Subscriptions, in the order of their beginning. */
export class SubscriptionLogs extends Array<LoggedSubscription> {
  /** @returns to be called when the subscription ends */
  begin(now: () => number): () => void {
    const subscribedFrame = now();
    const index = this.push({ subscribedFrame, unsubscribedFrame: Infinity }) - 1;
    return () => {
      this[index] = { subscribedFrame, unsubscribedFrame: now() };
    };
  }
}

/** A source that says when it is subscribed to, and until when. */
export class Probe<T> extends Observable<T> {
  /** As those of RxJS's `cold` and `hot`. */
  readonly subscriptions: readonly LoggedSubscription[];

  /** @internal Probes come from `probe`. */
  constructor(watched: Observable<T>, now: () => number) {
    const subscriptions = new SubscriptionLogs();
    super((subscriber) => {
      subscriber.add(subscriptions.begin(now));
      return watched.subscribe(subscriber);
    });
    this.subscriptions = subscriptions;
  }
}
