import { spawnSync } from 'node:child_process';
import { root } from './paths.mjs';

let current = '';

/** One line per piece of work: what is being done, then how long it took. */
export function step(what, work) {
  const began = performance.now();
  current = what;
  process.stderr.write(`set-up: ${what} ... `);
  work();
  process.stderr.write(`${((performance.now() - began) / 1000).toFixed(1)} s\n`);
}

/**
 * Runs a program within a step. Its output is shown only if it fails, and then we end with it, or it is
 * returned if the program may fail.
 */
export function run(program, args, { env, cwd = root, mayFail = false } = {}) {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status === 0) return undefined;
  const output = result.error?.message ?? `${result.stdout}${result.stderr}`.trim();
  if (mayFail) return output;
  process.stderr.write(`failed\n\n${output}\n\n`);
  return stop(`${current} failed${result.signal ? ` (${result.signal})` : ''}`);
}

/** Says why the set-up cannot go on, and ends. */
export function stop(why) {
  warn(why);
  process.exit(1);
}

export function warn(what) {
  process.stderr.write(`set-up: ${what}\n`);
}
