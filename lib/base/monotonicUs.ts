import { performance } from 'node:perf_hooks';

const SAMPLES = 16;

/**
 * How far `performance.now()` is behind CLOCK_MONOTONIC, in microseconds. Both are that clock, so
 * the distance is fixed. The second look comes later, so the least distance that is seen is the
 * best one, and never too small: a timer is not early.
 */
function originUs(): number {
  let least = Infinity;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const now = performance.now();
    least = Math.min(least, Number(process.hrtime.bigint()) / 1000 - now * 1000);
  }
  return least;
}

const ORIGIN_US = originUs();

/** CLOCK_MONOTONIC this many milliseconds from now, in whole microseconds: what reactors run on. */
export function monotonicUs(fromNowMs: number): number {
  return Math.ceil(ORIGIN_US + (performance.now() + fromNowMs) * 1000);
}
