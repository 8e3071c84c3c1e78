import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run, step } from './report.mjs';

/** Installs node_modules, unless they are what the lock file says. */
export function ensureModules() {
  if (modulesAreFresh()) return;
  step('npm ci', () => {
    // The one script that matters, our own, comes next in the set-up.
    const args = ['ci', '--include=dev', '--ignore-scripts', '--no-fund', '--no-audit'];
    const npm = process.env.npm_execpath;
    if (npm) run(process.execPath, [npm, ...args]);
    else run('npm', args);
  });
}

// npm keeps a record of what it has installed. Optional packages of other platforms are not in it.
function modulesAreFresh() {
  const record = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = packagesIn(record);
  return Object.entries(packagesIn(join(root, 'package-lock.json'))).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path]?.version ?? (optional ? version : undefined)) === version,
  );
}

function packagesIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}
