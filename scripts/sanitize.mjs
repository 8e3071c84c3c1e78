// node scripts/sanitize.mjs [address,undefined | thread [ARGS]]: the specs of native code, or those that
// ARGS for jest select, with an instrumented addon; first the one way and then the other if none is
// named. It all happens in a copy of the tree below .build, so the addon in use stays what it is, and
// child processes load the instrumented one as well. Last comes a verdict.
//
// There are no suppressions. Node is not instrumented, so races are looked for in the addon alone
// (ignore_noninstrumented_modules), and leaks by valgrind, see native/README.md: Node frees little of
// its own when it ends.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { ensureModules } from './setup/modules.mjs';
import { root } from './setup/paths.mjs';
import { ensureSystem } from './setup/system.mjs';

const runtimes = { 'address,undefined': 'libasan.so', thread: 'libtsan.so' };
const folders =
  'native|libevent|base|rings|memory|leases|turns|failures|connection|events|flow-on-sockets|lifecycle|tls';
const native = `spec/(${folders})[./]`;

const [named, ...args] = process.argv.slice(2);
if (named && !(named in runtimes)) {
  console.error(`sanitize: ${named} is neither "address,undefined" nor "thread"`);
  process.exit(1);
}

ensureSystem(['build', 'test']);
ensureModules();

const verdicts = (named ? [named] : Object.keys(runtimes)).map((sanitizer) => {
  const began = performance.now();
  const clean = sanitize(sanitizer);
  const seconds = Math.round((performance.now() - began) / 1000);
  return { clean, words: `sanitize: ${sanitizer} ${clean ? 'clean' : 'FAILED'} (${seconds} s)` };
});
for (const { words } of verdicts) console.log(words);
process.exitCode = verdicts.every(({ clean }) => clean) ? 0 : 1;

function sanitize(sanitizer) {
  const copy = join(root, '.build', sanitizer.replace(',', '-'));
  mkdirSync(copy, { recursive: true });
  for (const folder of ['docs', 'lib', 'native', 'samples', 'scripts', 'spec']) {
    refresh(copy, folder);
  }
  for (const file of ['package.json', 'package-lock.json', 'jest.config.js', 'README.md']) {
    refresh(copy, file);
  }
  for (const name of ['', '.build', '.samples']) refresh(copy, `tsconfig${name}.json`);
  if (!existsSync(join(copy, 'node_modules'))) {
    symlinkSync('../../node_modules', `${copy}/node_modules`);
  }
  // One spec file at a time: the instrumented addon is several times as slow.
  const selected = args.length > 0 ? args : [native, '--runInBand', '--testTimeout=120000'];
  const jest = ['node_modules/jest/bin/jest.js', ...selected];
  return (
    run(copy, ['scripts/build.mjs', 'samples'], { RXJS_LIBEVENT_SANITIZE: sanitizer }) === 0 &&
    run(copy, jest, options(runtimes[sanitizer])) === 0
  );
}

function refresh(copy, name) {
  const from = join(root, name);
  if (!existsSync(from)) return;
  // What has gone goes there, too; only what was built stays.
  if (existsSync(join(copy, name)) && statSync(join(copy, name)).isDirectory()) {
    for (const entry of readdirSync(join(copy, name))) {
      if (name === 'native' && entry === 'build') continue;
      rmSync(join(copy, name, entry), { recursive: true, force: true });
    }
  }
  cpSync(from, join(copy, name), {
    recursive: true,
    preserveTimestamps: true,
    filter: (file) => !file.startsWith(join(root, 'native/build')),
  });
}

function run(copy, command, env) {
  const { status } = spawnSync(process.execPath, command, {
    cwd: copy,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return status ?? 1;
}

// A finding ends the process that has it, which fails its spec.
function options(runtime) {
  const path = execFileSync(process.env.CXX ?? 'g++', [`-print-file-name=${runtime}`]).toString();
  return {
    LD_PRELOAD: realpathSync(path.trim()),
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=1',
    TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
}
