import { Observable, type Subscriber, type Unsubscribable } from 'rxjs';
import type { LibeventError } from '../common/LibeventError';
import { SubscriberContext } from '../common/SubscriberContext';
import { MAX_BURST } from '../flow/Emitter';
import { laterTurn } from '../flow/laterTurn';
import type { TimerOptions } from './TimerConfig';
import type { TimerHandle, TimerHandler, Timers } from './Timers';

/** The Observable behind `base.timer()`, on whatever carries timers. */
export function timer(timers: Timers, options: TimerOptions): Observable<number> {
  const Kind = options.periodMs === undefined ? Once : options.catchUp ? EveryOne : Latest;
  return new Observable((subscriber) => new Kind(subscriber).start(timers, options));
}

/**
 * One subscription to a timer: its context, what the reactor notifies and what unsubscribes, in one
 * object. Timers come by the hundred thousand, and collecting what they leave is most of their cost.
 */
abstract class TimerSubscription extends SubscriberContext implements TimerHandler, Unsubscribable {
  private handle: TimerHandle | undefined;

  constructor(protected readonly subscriber: Subscriber<number>) {
    super();
  }

  abstract onFired(expirations: number): void;

  start(timers: Timers, options: TimerOptions): this {
    this.handle = timers.start(options, this);
    return this;
  }

  onEnded(error: LibeventError | undefined): void {
    if (error === undefined) this.callComplete(this.subscriber);
    else this.callError(this.subscriber, error);
  }

  unsubscribe(): void {
    this.handle?.stop();
  }
}

function fire(subscriber: Subscriber<number>): void {
  subscriber.next(0);
  subscriber.complete();
}

class Once extends TimerSubscription {
  onFired(): void {
    this.runInAsyncScope(fire, undefined, this.subscriber);
  }
}

class Latest extends TimerSubscription {
  private passed = 0;

  onFired(expirations: number): void {
    this.passed += expirations;
    this.callNext(this.subscriber, this.passed - 1);
  }
}

class EveryOne extends TimerSubscription {
  private passed = 0;
  private emitted = 0;
  private goesOn = false;

  onFired(expirations: number): void {
    this.passed += expirations;
    if (!this.goesOn) this.emit();
  }

  private emit(): void {
    const { subscriber } = this;
    for (let count = 0; this.emitted < this.passed && !subscriber.closed; count += 1) {
      if (count === MAX_BURST) {
        this.goesOn = true;
        laterTurn(() => {
          this.goesOn = false;
          this.emit();
        });
        return;
      }
      this.callNext(subscriber, this.emitted++);
    }
  }
}
