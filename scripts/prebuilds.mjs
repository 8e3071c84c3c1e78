// node scripts/prebuilds.mjs [x64|arm64 ...]: the addon with libevent inside, for each architecture, in
// prebuilds/. It is used where no addon has been built, so it goes into the package, never into git.
// libevent's sources are Debian's, with its patches. Runs on Debian; arm64 is cross-built anywhere else.
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { compileAddon } from './setup/addon.mjs';
import { ensureModules } from './setup/modules.mjs';
import { root } from './setup/paths.mjs';
import { run, step, stop } from './setup/report.mjs';
import { ensureSystem } from './setup/system.mjs';

/** glibc 2.34: newer symbols would keep older systems out. */
const NEWEST_GLIBC_MINOR = 34;

const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };

const work = join(root, '.build/prebuild');
const chosen = process.argv.length > 2 ? process.argv.slice(2) : [process.arch];
for (const arch of chosen) {
  if (!(arch in triplets)) stop(`no such architecture: ${arch}; one of ${Object.keys(triplets)}`);
}

ensureSystem(['build', 'prebuild', ...chosen.filter((arch) => arch !== process.arch)]);
ensureModules();
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });

let sources = '';
step("Debian's libevent", () => (sources = fetchSources()));
for (const arch of chosen) {
  step(`libevent and the addon for ${arch}`, () => {
    build(arch);
  });
}

/** The folder of the sources, patched. What apt knows of sources is kept apart from what the system has. */
function fetchSources() {
  const parts = join(work, 'sources');
  const lists = join(work, 'lists');
  mkdirSync(parts);
  mkdirSync(join(lists, 'partial'), { recursive: true });
  for (const [name, text] of debianSources()) writeFileSync(join(parts, name), text);
  const settings = [
    ...['-o', `Dir::Etc::sourceparts=${parts}`, '-o', 'Dir::Etc::sourcelist=/dev/null'],
    ...['-o', `Dir::State::Lists=${lists}`, '-o', 'APT::Sandbox::User=root'],
  ];
  run('apt-get', [...settings, 'update']);
  run('apt-get', [...settings, 'source', 'libevent'], { cwd: work });
  const folder = readdirSync(work).find((name) => /^libevent-[\d.]+/.test(name));
  if (!folder) stop("apt-get has brought no sources of libevent's");
  return join(work, folder);
}

/** The system's own sources of Debian, of source packages rather than of binary ones. */
function debianSources() {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    ...readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    ['sources.list', readIfThere('/etc/apt/sources.list')],
  ];
  return files
    .filter(([, text]) => /debian/.test(text))
    .map(([name, text]) => [name, text.replace(/^(Types: )?deb\b/gm, '$1deb-src')]);
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function build(arch) {
  const folder = join(work, arch);
  const libevent = join(folder, 'libevent');
  cpSync(sources, libevent, { recursive: true, preserveTimestamps: true });
  const triplet = triplets[arch];
  const cross = arch === process.arch ? '' : `${triplet}-`;
  run(
    './configure',
    [
      ...(cross ? [`--host=${triplet}`] : []),
      ...['--disable-shared', '--with-pic', '--disable-openssl', '--disable-samples'],
      ...['--disable-libevent-regress', '--disable-dependency-tracking'],
      // What is not used is left out: arc4random() asks for glibc 2.36.
      'CFLAGS=-O2 -ffunction-sections -fdata-sections',
    ],
    { cwd: libevent },
  );
  // Debian's patches touch what these made, and what is in the sources is right.
  const unused = ['AUTOMAKE', 'AUTOCONF', 'ACLOCAL', 'AUTOHEADER'].map((name) => `${name}=:`);
  const targets = ['include/event2/event-config.h', 'libevent_core.la', 'libevent_pthreads.la'];
  for (const target of targets) run('make', ['--jobs=2', ...unused, target], { cwd: libevent });

  const native = join(folder, 'native');
  cpSync(join(root, 'native'), native, {
    recursive: true,
    filter: (path) => path !== join(root, 'native/build'),
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  compileAddon(native, [`-Dlibevent=${libevent}`], {
    args: [`--arch=${arch}`],
    env: cross ? { CC: `${cross}gcc`, CXX: `${cross}g++`, LINK: `${cross}g++` } : {},
  });
  const addon = join(native, 'build/Release/rxjs_libevent.node');
  check(addon, cross);
  const output = join(root, 'prebuilds', `linux-${arch}`);
  mkdirSync(output, { recursive: true });
  copyFileSync(addon, join(output, 'rxjs_libevent.node'));
}

/** It may need the C library, and libgcc, which Node needs itself; and none of the C library's newer symbols. */
function check(addon, cross) {
  const dump = execFileSync(`${cross}objdump`, ['-p', '-T', addon], { encoding: 'utf8' });
  const needed = [...dump.matchAll(/NEEDED +(\S+)/g)].map(([, name]) => name);
  const foreign = needed.filter((name) => !/^(libc|libgcc_s|ld-linux-[\w-]+)\.so/.test(name));
  if (foreign.length > 0) stop(`the addon needs ${foreign.join(', ')}`);
  const minors = [...dump.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  const newest = Math.max(...minors);
  if (newest > NEWEST_GLIBC_MINOR) stop(`the addon asks for glibc 2.${newest}`);
}
