import { Observable } from 'rxjs';
import { inSubscriberContext } from '../common/inSubscriberContext';
import { laterTurn } from '../flow/laterTurn';
import type { TimerOptions } from './TimerConfig';
import type { Timers } from './Timers';

/** Expirations that are caught up with before other work has a turn. */
const BURST = 256;

/** The Observable behind `base.timer()`, on whatever carries timers. */
export function timer(timers: Timers, options: TimerOptions): Observable<number> {
  const kind = options.periodMs === undefined ? once : options.catchUp ? everyOne : latest;
  return inSubscriberContext(kind(timers, options));
}

function once(timers: Timers, options: TimerOptions): Observable<number> {
  return new Observable((subscriber) => {
    const handle = timers.start(options, {
      onFired: () => {
        subscriber.next(0);
        subscriber.complete();
      },
      onEnded: (error) => {
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      },
    });
    return () => {
      handle.stop();
    };
  });
}

function latest(timers: Timers, options: TimerOptions): Observable<number> {
  return new Observable((subscriber) => {
    let passed = 0;
    const handle = timers.start(options, {
      onFired: (expirations) => {
        passed += expirations;
        subscriber.next(passed - 1);
      },
      onEnded: (error) => {
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      },
    });
    return () => {
      handle.stop();
    };
  });
}

function everyOne(timers: Timers, options: TimerOptions): Observable<number> {
  return new Observable((subscriber) => {
    let passed = 0;
    let emitted = 0;
    let goingOn = false;
    const emit = (): void => {
      for (let count = 0; emitted < passed && !subscriber.closed; count += 1) {
        if (count === BURST) {
          goingOn = true;
          laterTurn(goOn);
          return;
        }
        subscriber.next(emitted++);
      }
    };
    const goOn = (): void => {
      goingOn = false;
      emit();
    };
    const handle = timers.start(options, {
      onFired: (expirations) => {
        passed += expirations;
        if (!goingOn) emit();
      },
      onEnded: (error) => {
        if (error === undefined) subscriber.complete();
        else subscriber.error(error);
      },
    });
    return () => {
      handle.stop();
    };
  });
}
