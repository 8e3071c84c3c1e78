/**
 * A timer that measures its own drift, as libevent's time-test: how late each tick is, and how long
 * the period has been on average. The ticks stand on a grid, so lateness does not add up.
 */
import { Command } from 'commander';
import { takeWhile } from 'rxjs';
import { EventBase } from 'rxjs-libevent';
import { positive } from './support/serverOptions';

const { period, ticks } = new Command('time-test')
  .description('Measures the drift of a periodic timer.')
  .option('--period <ms>', 'milliseconds between two ticks', positive, 0.25)
  .option('--ticks <number>', 'how many', positive, 20_000)
  .parse()
  .opts<{ period: number; ticks: number }>();

const base = new EventBase();
const begun = performance.now();
const late: number[] = [];
let last = 0;
let elapsed = 0;

base
  .timer(period, period)
  .pipe(takeWhile((tick) => tick < ticks))
  .subscribe({
    next: (tick) => {
      last = tick;
      elapsed = performance.now() - begun;
      late.push(elapsed - (tick + 1) * period);
    },
    complete: () => {
      const mean = elapsed / (last + 1);
      const [median = 0] = late.sort((one, other) => one - other).slice(late.length >> 1);
      console.log(`${String(late.length)} ticks, ${String(last + 1 - late.length)} skipped`);
      console.log(`period ${mean.toFixed(4)} ms on average, ${period.toFixed(4)} ms wanted`);
      console.log(`late by ${(median * 1000).toFixed(0)} µs (median)`);
    },
  });
