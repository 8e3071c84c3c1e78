/**
 * Waits for signals, as libevent's signal-test: a SIGHUP is counted, the second SIGINT (Ctrl-C) ends
 * it. Then the signals do again what they did before.
 */
import { scan, take, takeUntil } from 'rxjs';
import { EventBase } from 'rxjs-libevent';

const base = new EventBase();
const interrupts = base.signal('SIGINT').pipe(take(2));
const hangups = base.signal('SIGHUP').pipe(
  scan((total, { count }) => total + count, 0),
  takeUntil(base.signal('SIGTERM')),
);

hangups.subscribe({
  next: (total) => {
    console.log(`SIGHUP, ${String(total)} so far`);
  },
  complete: () => {
    console.log('SIGTERM: no more of them');
  },
});
interrupts.subscribe({
  next: ({ signal }) => {
    console.log(signal);
  },
  complete: () => {
    console.log('that was the second one');
    void base.close();
  },
});
base.timer(0).subscribe(() => {
  console.log(`waiting for signals: kill -HUP ${String(process.pid)}`);
});
