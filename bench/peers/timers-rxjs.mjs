/** The peer "RxJS timer()" for timers. */
import { timer } from 'rxjs';
import { measureTimers } from './timers.mjs';

await measureTimers(
  (delayMs, callback) => timer(delayMs).subscribe(callback),
  (subscription) => subscription.unsubscribe(),
);
