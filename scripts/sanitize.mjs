// node scripts/sanitize.mjs address,undefined | thread [ARGS]: the specs, or those that ARGS for jest
// select, with an instrumented addon. It all happens in a copy of the tree below .build, so
// the addon in use stays what it is, and child processes load the instrumented one as well.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ensureModules } from './setup/modules.mjs';
import { root } from './setup/paths.mjs';
import { ensureSystem } from './setup/system.mjs';

const [sanitizer = 'address,undefined', ...args] = process.argv.slice(2);
const runtime = { 'address,undefined': 'libasan.so', thread: 'libtsan.so' }[sanitizer];
if (!runtime) {
  console.error(`sanitize: ${sanitizer} is neither "address,undefined" nor "thread"`);
  process.exit(1);
}

ensureSystem(['build', 'test']);
ensureModules();

const copy = join(root, '.build', sanitizer.replace(',', '-'));
mkdirSync(copy, { recursive: true });
for (const folder of ['lib', 'native', 'samples', 'scripts', 'spec']) refresh(folder);
for (const file of ['package.json', 'package-lock.json', 'jest.config.js', 'README.md'])
  refresh(file);
for (const name of ['', '.build', '.samples']) refresh(`tsconfig${name}.json`);
if (!existsSync(join(copy, 'node_modules')))
  symlinkSync('../../node_modules', `${copy}/node_modules`);

const built = run(['scripts/build.mjs', 'samples'], { RXJS_LIBEVENT_SANITIZE: sanitizer });
process.exitCode = built || run(['node_modules/jest/bin/jest.js', ...args], options());

function refresh(name) {
  const from = join(root, name);
  if (!existsSync(from)) return;
  if (name !== 'native') rmSync(join(copy, name), { recursive: true, force: true });
  cpSync(from, join(copy, name), {
    recursive: true,
    preserveTimestamps: true,
    filter: (file) => !file.startsWith(join(root, 'native/build')),
  });
}

function run(command, env) {
  const { status } = spawnSync(process.execPath, command, {
    cwd: copy,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  return status ?? 1;
}

// Node itself is not instrumented: the runtime is preloaded, and only what the addon does counts.
function options() {
  const path = execFileSync(process.env.CXX ?? 'g++', [`-print-file-name=${runtime}`]).toString();
  return {
    LD_PRELOAD: realpathSync(path.trim()),
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:detect_stack_use_after_return=1',
    TSAN_OPTIONS: 'ignore_noninstrumented_modules=1:halt_on_error=1',
    UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  };
}
