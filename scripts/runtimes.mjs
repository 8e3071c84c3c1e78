// node scripts/runtimes.mjs [bun] [deno]: the built package in other runtimes, or in those named, by
// scripts/smoke.mjs. Their programs come from npm, into .build/runtimes; one that cannot be installed is said to be
// missing, and is no failure.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';

const folder = join(root, '.build/runtimes');

/** What is installed, where the program is then, and how it runs a script. */
const runtimes = {
  bun: {
    name: '@oven/bun-linux-x64@1.4.5',
    program: '@oven/bun-linux-x64/bin/bun',
    args: [],
  },
  deno: {
    name: '@deno/linux-x64-glibc@2.9.6',
    program: '@deno/linux-x64-glibc/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual'],
  },
};

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(runtimes);
for (const which of wanted) {
  if (runtimes[which] === undefined) {
    console.error(`runtimes: no ${which}; there are ${Object.keys(runtimes).join(', ')}`);
    process.exit(1);
  }
  if (!smoke(which)) process.exitCode = 1;
}

function smoke(which) {
  const { name, program, args } = runtimes[which];
  const path = join(folder, 'node_modules', program);
  if (!existsSync(path)) install(name);
  if (!existsSync(path)) {
    console.log(`runtimes: ${which} is missing, since ${name} cannot be installed`);
    return true;
  }
  const { status } = spawnSync(path, [...args, 'scripts/smoke.mjs'], {
    cwd: root,
    stdio: 'inherit',
    // A library that is preloaded into Node, as a sanitizer is, is not for others.
    env: { ...process.env, LD_PRELOAD: '' },
  });
  return status === 0;
}

function install(name) {
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync('npm', ['install', ...quiet, '--prefix', folder, name], { stdio: 'ignore' });
}
