/** The peer "rxjs-libevent" for timers: `base.timer()`. */
import { EventBase } from 'rxjs-libevent';
import { measureTimers } from './timers.mjs';

const base = new EventBase();

await measureTimers(
  (delayMs, callback) => base.timer(delayMs).subscribe(callback),
  (subscription) => subscription.unsubscribe(),
);
process.exit(0);
