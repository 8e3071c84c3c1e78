import { Observable } from 'rxjs';
import { inSubscriberContext } from '../common/inSubscriberContext';
import type { SignalOptions } from './SignalConfig';
import type { SignalEvent } from './SignalEvent';
import type { Signals } from './Signals';

/** The Observable behind `base.signal()`, on whatever carries signals. One event, many subscribers. */
export function signal(
  signals: Signals,
  { signal: name, priority }: SignalOptions,
): Observable<SignalEvent> {
  return inSubscriberContext(
    new Observable<SignalEvent>((subscriber) => {
      const handle = signals.start(name, priority, {
        onSignal: (count) => {
          subscriber.next({ signal: name, count });
        },
        onEnded: (error) => {
          if (error === undefined) subscriber.complete();
          else subscriber.error(error);
        },
      });
      return () => {
        handle.stop();
      };
    }),
  );
}
