/**
 * A hundred thousand timers of ten seconds, as a server has that gives each client that much time. They share one queue of libevent's, where adding and cancelling do not depend on their
 * number. Half of them are cancelled, as clients answer; the others fire in order.
 */
import { Command } from 'commander';
import { EventBase } from 'rxjs-libevent';
import { positive, wholeNumber } from './support/serverOptions';

const { seconds, timers } = new Command('common-timeouts')
  .description('Starts many timers of one duration.')
  .option('--seconds <number>', 'how long they run', positive, 10)
  .option('--timers <number>', 'how many', wholeNumber(1, 1_000_000), 100_000)
  .parse()
  .opts<{ seconds: number; timers: number }>();

const base = new EventBase();
const begun = performance.now();
const timeout = base.timer(seconds * 1000, undefined, { commonTimeout: true });
let fired = 0;

const subscriptions = Array.from({ length: timers }, () =>
  timeout.subscribe(() => {
    fired += 1;
    if (fired < timers / 2) return;
    const elapsed = ((performance.now() - begun) / 1000).toFixed(2);
    console.log(`${String(fired)} fired after ${elapsed} s`);
  }),
);
const microseconds = ((performance.now() - begun) * 1000) / timers;
console.log(`${String(timers)} timers of ${String(seconds)} s: ${microseconds.toFixed(2)} µs each`);

subscriptions.filter((_, index) => index % 2 === 1).forEach((one) => one.unsubscribe());
console.log(`${String(timers >> 1)} cancelled`);
