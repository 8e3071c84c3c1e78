/** What the timer peers measure: nanoseconds to add, cancel and fire a timer, and how exact it is. */
import { parseArgs } from 'node:util';

const EXACT_COUNT = 1000;
const SPREAD_US = 500_000;

function countOption() {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' } } });
  const count = Number(values.count);
  if (!Number.isInteger(count) || count < EXACT_COUNT || count > 10_000_000) {
    throw new RangeError(`--count ${values.count}: from ${EXACT_COUNT} to 10000000`);
  }
  return count;
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    count: sorted.length,
    mean: sum / sorted.length,
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    max: at(1),
  };
}

function nanoseconds(run) {
  const begun = performance.now();
  run();
  return (performance.now() - begun) * 1e6;
}

/** Adds them due within a millisecond, lets that pass, and times the firing of all. */
function fireAll(add, count) {
  return new Promise((resolve) => {
    let fired = 0;
    let begun = 0;
    const onFire = () => {
      if (++fired === count) resolve(((performance.now() - begun) * 1e6) / count);
    };
    for (let i = 0; i < count; i++) add((i % 1000) / 1000, onFire);
    const due = performance.now() + 2;
    while (performance.now() < due);
    begun = performance.now();
  });
}

/** How far from their due times 1,000 timers fire that are spread over half a second. */
function measureError(add) {
  return new Promise((resolve) => {
    const errors = [];
    for (let i = 0; i < EXACT_COUNT; i++) {
      const delayMs = ((i * 7919 * 61) % SPREAD_US) / 1000;
      const due = performance.now() + delayMs;
      add(delayMs, () => {
        errors.push(Math.abs(performance.now() - due) * 1000);
        if (errors.length === EXACT_COUNT) resolve(quantiles(errors));
      });
    }
  });
}

/**
 * Measures and prints one line of JSON.
 *
 * @param add - `(delayMs, callback) => handle`
 * @param cancel - `(handle) => void`
 */
export async function measureTimers(add, cancel) {
  const count = countOption();
  const handles = new Array(count);
  const nothing = () => {};
  const addAll = () => {
    for (let i = 0; i < count; i++) handles[i] = add(60_000 + (i % 1000) / 1000, nothing);
  };
  const cancelAll = () => {
    for (let i = 0; i < count; i++) cancel(handles[i]);
  };
  for (let i = 0; i < 3; i++) {
    addAll();
    cancelAll();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const addNs = nanoseconds(addAll) / count;
  const cancelNs = nanoseconds(cancelAll) / count;
  await new Promise((resolve) => setImmediate(resolve));
  const fireNs = await fireAll(add, count);
  const errorUs = await measureError(add);
  console.log(JSON.stringify({ count, addNs, cancelNs, fireNs, errorUs }));
}
