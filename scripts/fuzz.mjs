// npm run fuzz -- [OPTIONS]: random programs, until the time is over or one of them fails; see
// docs/fuzzing.md. Ends with 0 if nothing was found.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Runner } from './fuzz/Runner.mjs';
import { generate, kinds } from './fuzz/generate.mjs';
import { print } from './fuzz/print.mjs';
import { fuzzMarbles } from './fuzz/marbles/index.mjs';
import { shrink } from './fuzz/shrink.mjs';
import { setUp } from './setup/index.mjs';
import { root } from './setup/paths.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    method: { type: 'string' },
    threads: { type: 'string' },
    only: { type: 'string' },
    tls: { type: 'string', default: 'drawn' },
    marbles: { type: 'boolean', default: false },
    programs: { type: 'string' },
    patience: { type: 'string', default: '1' },
    survey: { type: 'boolean', default: false },
    library: { type: 'string', default: root },
  },
});
if (values.marbles) {
  if (values.library === root) setUp();
  const found = await fuzzMarbles({
    library: resolve(values.library),
    seconds: Number(values.seconds),
    seed: Number(values.seed ?? Date.now() % 1_000_000),
    programs: values.programs === undefined ? undefined : Number(values.programs),
    only: values.only?.split(','),
    survey: values.survey,
  });
  process.exit(found ? 1 : 0);
}
const names = values.only?.split(',') ?? Object.keys(kinds);
const strange = names.find((name) => !(name in kinds));
if (strange !== undefined) fail(`no kind ${strange}; there are ${Object.keys(kinds).join()}`);
const TLS = ['drawn', 'always', 'never'];
if (!TLS.includes(values.tls)) fail(`--tls ${values.tls}: one of ${TLS.join(', ')}`);
const fixed = { tls: values.tls };
if (values.method) fixed.method = values.method;
if (values.threads) fixed.threads = values.threads === 'auto' ? 'auto' : Number(values.threads);

if (values.library === root) setUp();

const end = performance.now() + Number(values.seconds) * 1000;
const shrinkMs = Math.max(10, Number(values.seconds)) * 1000;
const first = Number(values.seed ?? Date.now() % 1_000_000);
const runner = new Runner(resolve(values.library), Number(values.patience));
const counts = {};
let program;
let finding;
let seed = first;
for (; performance.now() < end && (values.survey || finding === undefined); seed += 1) {
  program = generate(seed, names, fixed);
  counts[program.kind] = (counts[program.kind] ?? 0) + 1;
  finding = await runner.run(program);
  if (values.survey && finding) console.log(line());
}
const drawn = Object.entries(counts).map(([kind, count]) => `${kind} ${count}`);
console.log(`fuzz: seeds ${first} to ${seed - 1}: ${drawn.join(', ')}`);
if (finding === undefined) {
  console.log('fuzz: nothing found');
} else if (!values.survey) {
  await show();
  process.exitCode = 1;
}
await runner.stop();

async function show() {
  console.log(`fuzz: seed ${program.seed} (${program.kind}, ${program.steps.length} steps)`);
  console.log(`${finding.kind}: ${finding.text}\n`);
  await runner.stop();
  const again = await fails(program, 3, 8000);
  console.log(again ? 'fuzz: fails again alone' : 'fuzz: does not fail again alone, in 3 runs');
  const smallest = again
    ? await shrink(program, (smaller) => fails(smaller, 2, 2500), performance.now() + shrinkMs)
    : program;
  const text = print(smallest, finding);
  const folder = join(root, '.build/fuzz');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${program.seed}.mjs`);
  writeFileSync(file, text);
  const runs = Array.from({ length: 5 }, () => endsBadly(file));
  const often = `fails in ${runs.filter(Boolean).length} of 5 runs`;
  console.log(`fuzz: ${smallest.steps.length} steps are left, ${file}, ${often}:\n\n${text}`);
}

async function fails(candidate, runs, stallMs) {
  for (let count = 0; count < runs; count += 1) {
    const found = await runner.run(candidate, stallMs);
    if (found?.kind === finding.kind) {
      finding = found;
      return true;
    }
  }
  return false;
}

function endsBadly(file) {
  const args = [file, resolve(values.library)];
  const options = { stdio: 'ignore', timeout: 60_000, killSignal: 'SIGKILL' };
  return spawnSync(process.execPath, args, options).status !== 0;
}

/** A finding of a survey, which shrinks nothing. */
function line() {
  const step = program.steps[finding.step]?.join(' ') ?? 'end';
  return `${program.seed} ${program.kind} ${finding.kind} at ${step}: ${finding.text.split('\n')[0]}`;
}

function fail(text) {
  console.error(`fuzz: ${text}`);
  process.exit(1);
}
