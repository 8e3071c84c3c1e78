// node bench/timers/reactor-cost.mjs [--count N] [--rounds N]: what timers cost the reactor thread,
// beside plain libevent in C (bench/native/timers.c), and how well a 250 µs period is kept.
//
// The thread's own processor time is read from the kernel, so JavaScript's part does not count, nor
// does the waiting. Each figure is the median of the rounds, in nanoseconds a timer.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { EventBase } from 'rxjs-libevent';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '7' },
  },
});
const count = Number(values.count);
const rounds = Number(values.rounds);
if (!(count >= 1000 && count <= 500_000)) throw new RangeError('--count: from 1000 to 500000');
if (!(rounds >= 1 && rounds <= 100)) throw new RangeError('--rounds: from 1 to 100');

const base = new EventBase();
const TASKS = '/proc/self/task';
const reactor = readdirSync(TASKS).find(
  (task) => readFileSync(`${TASKS}/${task}/comm`, 'utf8').trim() === 'libevent',
);

/** Nanoseconds that the reactor thread has run. */
function processorTime() {
  return Number(readFileSync(`${TASKS}/${reactor}/schedstat`, 'utf8').split(' ')[0]);
}

const turn = () => new Promise(setImmediate);

/** Lets the reactor take what has been submitted, and waits until it sleeps. */
async function taken(submissions) {
  const until = performance.now() + 60_000;
  while ((base.stats.taken - submissions) << 0 < 0) {
    if (performance.now() > until) throw new Error('the reactor does not take what it is given');
    await turn();
  }
  for (let sleeps = -1; sleeps !== base.stats.sleeps;) {
    ({ sleeps } = base.stats);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function cost(submissions, run) {
  const before = processorTime();
  const from = base.stats.taken;
  const result = run();
  await taken(from + submissions);
  return { each: (processorTime() - before) / count, result };
}

function fireAll(config) {
  let fired = 0;
  return new Promise((resolve) => {
    for (let index = 0; index < count; index += 1) {
      // Due when they arrive: what is timed is their firing, with what adding costs.
      base.timer(0, undefined, config).subscribe(() => {
        fired += 1;
        if (fired === count) resolve();
      });
    }
  });
}

async function measure(config, dueOf) {
  const figures = { addNs: [], cancelNs: [], addAndFireNs: [] };
  for (let round = -1; round < rounds; round += 1) {
    const added = await cost(count, () =>
      Array.from({ length: count }, (_, index) =>
        base.timer(dueOf(index), undefined, config).subscribe(),
      ),
    );
    const cancelled = await cost(count, () => {
      for (const subscription of added.result) subscription.unsubscribe();
    });
    const before = processorTime();
    await fireAll(config);
    const fired = (processorTime() - before) / count;
    if (round < 0) continue; // the warm-up
    figures.addNs.push(added.each);
    figures.cancelNs.push(cancelled.each);
    figures.addAndFireNs.push(fired);
  }
  return Object.fromEntries(Object.entries(figures).map(([name, list]) => [name, median(list)]));
}

function median(list) {
  return Math.round(list.sort((one, other) => one - other)[list.length >> 1]);
}

/** The mean period of a 250 µs timer over a second, in microseconds, and how many ticks JS missed. */
function period() {
  return new Promise((resolve) => {
    let first = 0;
    let seen = 0;
    let firstTick = 0;
    const subscription = base.timer(0.25, 0.25).subscribe((tick) => {
      const now = performance.now();
      if (seen++ === 0) [first, firstTick] = [now, tick];
      if (now - first < 1000) return;
      subscription.unsubscribe();
      const ticks = tick - firstTick;
      resolve({ meanUs: ((now - first) * 1000) / ticks, ticks, merged: ticks + 1 - seen });
    });
  });
}

const heap = await measure({}, (index) => 60_000 + (index % 1000) / 1000);
const common = await measure({ commonTimeout: true }, () => 60_000);
const kept = await period();
await base.close();

const binary = new URL('../.build/bin/timers', import.meta.url).pathname;
let native = null;
if (existsSync(binary)) {
  const runs = Array.from({ length: rounds }, () =>
    JSON.parse(execFileSync(binary, ['--count', String(count)]).toString()),
  );
  const of = (name) => median(runs.map((run) => run[name]));
  native = { addNs: of('addNs'), cancelNs: of('cancelNs') };
  native.addAndFireNs = native.addNs + of('fireNs');
} else {
  console.error('bench/.build/bin/timers is not there: make -C bench/native OUT=../.build/bin');
}

console.log(
  JSON.stringify(
    { count, reactor: heap, commonTimeout: common, libeventInC: native, kept },
    null,
    2,
  ),
);
