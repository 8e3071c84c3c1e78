import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './paths.mjs';
import { run, step, stop } from './report.mjs';
import { filesIn, fingerprint, isStamped, writeStamp } from './stamp.mjs';
import { ensureSystem } from './system.mjs';

const folder = join(root, 'native');
const binary = join(folder, 'build/Release/rxjs_libevent.node');
const stamp = `${binary}.stamp`;

// A warning fails our own build, never that of a user with a newer compiler.
const strict = existsSync(join(root, 'lib')) ? 1 : 0;

// Set by scripts/sanitize.mjs, in the copy of the tree that it works on.
const sanitize = process.env.RXJS_LIBEVENT_SANITIZE ?? '';

/** Whether the addon was built from the sources, and with the flags, as they are now. */
export function addonIsFresh() {
  return existsSync(binary) && isStamped(stamp, print());
}

/** Builds the addon, unless it is fresh. */
export function ensureAddon({ onlyLook = false } = {}) {
  if (addonIsFresh()) return;
  ensureSystem(['build'], { onlyLook });
  step('building the addon', () => {
    compile([`-Dstrict=${strict}`, ...(sanitize ? [`-Dsanitize=${sanitize}`] : [])]);
  });
  writeStamp(stamp, print());
}

// node-gyp is the one that npm brings along.
function compile(variables) {
  const nodeGyp = process.env.npm_config_node_gyp;
  if (!nodeGyp) stop('the addon is built with the node-gyp of npm: run this as an npm script');
  const args = ['--directory', folder, '--loglevel', 'warn', ...headers()];
  run(process.execPath, [nodeGyp, 'configure', ...args, '--', ...variables]);
  run(process.execPath, [nodeGyp, 'build', ...args, '--jobs', 'max']);
}

// Official builds of Node carry their headers along: then nothing needs to be downloaded.
function headers() {
  if (process.env.npm_config_nodedir) return [];
  const prefix = dirname(dirname(process.execPath));
  const file = join(prefix, 'include/node/node_version.h');
  if (!existsSync(file)) return [];
  const header = readFileSync(file, 'utf8');
  const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(header)?.[1];
  const version = ['MAJOR', 'MINOR', 'PATCH'].map(part).join('.');
  return version === process.versions.node ? ['--nodedir', prefix] : [];
}

function print() {
  const { CXX, CXXFLAGS, CFLAGS, LDFLAGS } = process.env;
  const flags = [strict, sanitize, CXX, CXXFLAGS, CFLAGS, LDFLAGS];
  const sources = filesIn('native', /\.(cc|h|gyp)$/).filter((file) => !file.includes('/build/'));
  return fingerprint(sources, [process.platform, process.arch, ...flags]);
}
