import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './paths.mjs';
import { run, step, stop, warn } from './report.mjs';
import { filesIn, fingerprint, isStamped, writeStamp } from './stamp.mjs';
import { ensureSystem } from './system.mjs';

const folder = join(root, 'native');
const binary = join(folder, 'build/Release/rxjs_libevent.node');
const stamp = `${binary}.stamp`;

// A warning fails our own build, never that of a user with a newer compiler.
const strict = existsSync(join(root, 'spec')) ? 1 : 0;

// Set by scripts/sanitize.mjs, in the copy of the tree that it works on.
const sanitize = process.env.RXJS_LIBEVENT_SANITIZE ?? '';

/** Whether the addon was built from the sources, and with the flags, as they are now. */
export function addonIsFresh() {
  return existsSync(binary) && isStamped(stamp, print());
}

/** Builds the addon against the system's libevent, unless it is fresh. */
export function ensureAddon() {
  if (addonIsFresh()) return;
  ensureSystem(['build']);
  buildAddon();
}

/** @param instead - what does if this build fails */
export function buildAddon({ instead } = {}) {
  rmSync(binary, { force: true });
  const variables = [`-Dstrict=${strict}`, ...(sanitize ? [`-Dsanitize=${sanitize}`] : [])];
  let failure;
  step('building the addon', () => {
    failure = compileAddon(folder, variables, { mayFail: instead !== undefined });
  });
  if (failure === undefined) writeStamp(stamp, print());
  else warn(`that failed, so ${instead} is used: ${reasonOf(failure)}`);
}

/** The first line that names an error, of all that node-gyp and the compiler say. */
function reasonOf(output) {
  return /^(?!gyp WARN).*(?:error:|not found|no such).*$/im.exec(output)?.[0] ?? output.slice(-200);
}

/** The addon that came with the package for this system, if one did. It needs glibc. */
export function prebuiltAddon() {
  const file = `prebuilds/${process.platform}-${process.arch}/rxjs_libevent.node`;
  const { glibcVersionRuntime } = process.report.getReport().header;
  return glibcVersionRuntime && existsSync(join(root, file)) ? file : undefined;
}

/** Builds what is in a folder, with the node-gyp that npm brings along. Returns what failed, if it may. */
export function compileAddon(folder, variables, { args = [], ...how } = {}) {
  const nodeGyp = process.env.npm_config_node_gyp;
  if (!nodeGyp) stop('the addon is built with the node-gyp of npm: run this as an npm script');
  const options = ['--directory', folder, '--loglevel', 'warn', ...headers(), ...args];
  return (
    run(process.execPath, [nodeGyp, 'configure', ...options, '--', ...variables], how) ??
    run(process.execPath, [nodeGyp, 'build', ...options, '--jobs', 'max'], how)
  );
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
