// node scripts/mutate.mjs [--check | PATTERN]: breaks one rule at a time, in a copy of the library, and
// shows which specs notice. Fails if a mutation no longer applies, or if no spec notices it. A pattern
// selects rules by their names: T1, hold. With --check it only looks whether each of them still applies, and
// each fault that is planted for the simulation.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp } from './setup/index.mjs';
import { root } from './setup/paths.mjs';
import { planted } from './simulate/planted.mjs';
import { mutations } from './mutations.mjs';

/** The specs that run without a socket: the marble kit's own, the samples', and the suite over it. */
const specs = ['spec/testing', 'spec/conformance'];
const copied = [
  'lib',
  'spec',
  'samples',
  'docs',
  'package.json',
  'tsconfig.json',
  'jest.config.js',
];
const overVirtual = '^(?!.*over (?:real|rate-limited) sockets)';
/** The specs of what the virtual transport does not have: rules with `only`, a pattern for their names. */
const overSockets = ['spec/tls'];

for (const mutation of mutations) {
  for (const edit of editsOf(mutation)) mutated(root, mutation.rule, edit);
}
for (const { rule, edits } of planted) {
  for (const edit of edits) mutated(root, rule, edit);
}
if (process.argv[2] === '--check') process.exit();

setUp({});

const copy = mkdtempSync(join(tmpdir(), 'rxjs-libevent-mutate-'));
process.exitCode = 1;
try {
  for (const name of copied) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  cpSync(join(root, 'native'), join(copy, 'native'), { recursive: true, preserveTimestamps: true });

  const untouched = run();
  if (untouched.failed.length > 0 || untouched.passed === 0) {
    throw new Error(
      `without a mutation, ${String(untouched.failed.length)} specs fail:\n${untouched.output}`,
    );
  }
  console.log(`without a mutation: ${String(untouched.passed)} specs pass`);
  const pattern = new RegExp(process.argv[2] ?? '');
  const chosen = mutations.filter(({ rule }) => pattern.test(rule));
  const named = chosen.flatMap(({ only }) => only ?? []);
  if (named.length > 0) {
    const { failed, output } = run(named.join('|'));
    if (failed.length > 0) throw new Error(`without a mutation, over sockets:\n${output}`);
  }
  const missed = chosen.filter((mutation) => !isNoticed(mutation));
  console.log(
    `${String(chosen.length - missed.length)} of ${String(chosen.length)} mutations noticed`,
  );
  if (missed.length === 0) process.exitCode = 0;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function isNoticed(mutation) {
  const { rule, file } = mutation;
  const undo = editsOf(mutation).map((edit) => apply(rule, edit));
  const native = file.startsWith('native/');
  if (native) buildAddon();
  const { failed, output } = run(mutation.only);
  for (const restore of undo.reverse()) restore();
  if (native) buildAddon();
  const count = failed.length;
  console.log(
    `\n${rule} (${file}): ${count === 0 ? 'NOT NOTICED' : `${String(count)} specs fail`}`,
  );
  for (const name of failed.slice(0, 4)) console.log(`  ${name}`);
  if (count > 4) console.log(`  and ${String(count - 4)} more`);
  if (count === 0) console.log(output);
  return count > 0;
}

function editsOf(mutation) {
  return mutation.and ? [mutation, mutation.and] : [mutation];
}

function apply(rule, edit) {
  const path = join(copy, edit.file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(path, mutated(copy, rule, edit));
  return () => {
    writeFileSync(path, source);
  };
}

// What is replaced is code alone, so that a comment can be worded anew.
function mutated(folder, rule, { file, from, to }) {
  const source = readFileSync(join(folder, file), 'utf8');
  if (from.includes('//') || source.split(from).length !== 2) {
    throw new Error(`${rule}: not found once in the code of ${file}:\n${from}`);
  }
  return source.replace(from, () => to);
}

/** What has changed since it was configured, in the copy. */
function buildAddon() {
  const args = ['--silent', '-C', join(copy, 'native/build'), 'BUILDTYPE=Release'];
  const { status, stderr } = spawnSync('make', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`a mutation does not compile:\n${stderr}`);
}

/** @param only - of the specs over sockets, those whose names it matches */
function run(only) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      join(copy, 'node_modules/jest/bin/jest.js'),
      ...[
        `--reporters=${join(root, 'scripts/mutate/report.cjs')}`,
        `--testNamePattern=${only ?? overVirtual}`,
      ],
      // A broken rule may wait for ever, or turn for ever; one file that notices is enough.
      `--testTimeout=${only === undefined ? 3000 : 20_000}`,
      ...['--forceExit', '--maxWorkers=2', '--bail'],
      ...(only === undefined ? specs : overSockets),
      // It takes as long as all others, and says what they say.
      '--testPathIgnorePatterns=simulate/systems',
    ],
    {
      cwd: copy,
      encoding: 'utf8',
      timeout: 120_000,
      maxBuffer: 1 << 28,
      env: { ...process.env, NO_COLOR: '1', REPORT: report },
    },
  );
  const output = `${stdout}${stderr}`;
  const files = existsSync(report) ? readFileSync(report, 'utf8').split('\n').slice(0, -1) : [];
  const results = files.map((line) => JSON.parse(line));
  const broken = results.find(({ tests, error }) => tests.length === 0 && error);
  if (broken) throw new Error(`a mutation does not compile:\n${broken.error}`);
  const tests = results.flatMap((result) => result.tests);
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  // It turned for ever, which the specs notice.
  if (failed.length === 0 && (status === null || tests.length === 0))
    failed.push('(the run did not end)');
  return { passed: tests.filter((test) => test.status === 'passed').length, failed, output };
}
