import { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
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
      // Node would no longer hear of it, and its listeners there would not know.
      if (process.listenerCount(name) > 0) {
        const detail = `process listens to ${name}: a signal has one owner`;
        subscriber.error(new LibeventError('EBUSY', 'sigaction', { detail }));
        return undefined;
      }
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
