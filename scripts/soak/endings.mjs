// node scripts/soak/endings.mjs [RUNS]: worker.terminate() RUNS times, and as often process.exit(), at a
// random moment under load, 200 by default. No run may end in another way, and the process that had the
// workers must have the descriptors and the threads that it had before.
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { root } from '../setup/paths.mjs';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { check, finish, report } from './support/report.mjs';

setUp();
const runs = Number(process.argv[2] ?? 200);
const busy = join(root, 'scripts/soak/support/busy.cjs');
/** Ended before the load begins, while it begins, or under it. */
const MOST_DELAY_MS = 60;

await terminated();
const before = { descriptors: descriptors(), reactors: reactors() };
let wrong = 0;
for (let run = 0; run < runs; run += 1) if ((await terminated()) !== 1) wrong += 1;
report(`worker.terminate(), ${runs} times: ends of another kind`, wrong, 'runs', 0);
report('descriptors that are left', descriptors() - before.descriptors, 'descriptors', 0);
report('reactor threads that are left', reactors() - before.reactors, 'threads', 0);

const ends = new Map();
for (let run = 0; run < runs; run += 1) {
  const delay = String(Math.random() * MOST_DELAY_MS);
  const { code, output } = await Program.run(process.execPath, busy, delay);
  const end = code === 42 && output === '' ? 'clean' : `${code} ${output.slice(0, 500)}`;
  ends.set(end, (ends.get(end) ?? 0) + 1);
}
check(`process.exit(), ${runs} times: as asked, without a word`, ends.get('clean') === runs);
for (const [end, count] of ends) if (end !== 'clean') console.log(`  ${count} times: ${end}`);
finish();

async function terminated() {
  const worker = new Worker(busy);
  const online = once(worker, 'online');
  const loaded = once(worker, 'message');
  await (Math.random() < 0.2 ? online : loaded);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * MOST_DELAY_MS));
  loaded.catch(() => {});
  return worker.terminate();
}

function descriptors() {
  return readdirSync('/proc/self/fd').length;
}

function reactors() {
  return readdirSync('/proc/self/task').filter((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, 'utf8') === 'libevent\n';
    } catch {
      return false;
    }
  }).length;
}
