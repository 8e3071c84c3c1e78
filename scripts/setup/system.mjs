import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, step, stop } from './report.mjs';

/**
 * A need that is met when its programs are there.
 *
 * @param packages - those of managers that do not call it as apt does
 */
function programs(names, what = names[0], apt = names[0], packages = {}) {
  return {
    what,
    present: () => names.every(onPath),
    from: { apt, dnf: apt, apk: apt, pacman: apt, ...packages },
  };
}

const openssl = programs(['openssl'], 'the openssl program');
const wrk = programs(['wrk']);
const clang = { dnf: 'clang-tools-extra', apk: 'clang-extra-tools', pacman: 'clang' };

/**
 * Everything that comes from the system, in one place: how to see that it is there, and the package
 * that brings it, for each package manager.
 */
const needs = {
  build: [
    programs(['pkg-config'], 'pkg-config', 'pkg-config', {
      dnf: 'pkgconf-pkg-config',
      apk: 'pkgconf',
      pacman: 'pkgconf',
    }),
    {
      what: 'the headers of libevent 2.1 or later',
      present: () => says('pkg-config', ['--exists', 'libevent_core >= 2.1', 'libevent_pthreads']),
      from: { apt: 'libevent-dev', dnf: 'libevent-devel', apk: 'libevent-dev', pacman: 'libevent' },
    },
    {
      what: 'a C++ compiler',
      present: () => Boolean(process.env.CXX) || onPath('g++'),
      from: { apt: 'g++', dnf: 'gcc-c++', apk: 'g++', pacman: 'gcc' },
    },
    {
      what: 'the C library headers',
      present: () => !onPath('apk') || exists('/usr/include/stdlib.h'),
      from: { apt: 'libc6-dev', dnf: 'glibc-devel', apk: 'musl-dev', pacman: 'glibc' },
    },
    programs(['make']),
    programs(['python3'], 'Python 3', 'python3', { pacman: 'python' }),
  ],
  test: [
    {
      what: 'the OpenBSD netcat',
      present: () => says('nc', ['-h'], /OpenBSD/),
      from: {
        apt: 'netcat-openbsd',
        dnf: 'netcat',
        apk: 'netcat-openbsd',
        pacman: 'openbsd-netcat',
      },
    },
    programs(['socat']),
    programs(['strace']),
    openssl,
    programs(['curl']),
    programs(['haproxy'], 'HAProxy'),
    programs(['nginx'], 'nginx', 'nginx-light', {
      dnf: 'nginx-core',
      apk: 'nginx',
      pacman: 'nginx',
    }),
    programs(['sslscan']),
    wrk,
    programs(['redis-cli', 'redis-benchmark'], 'the clients of Redis', 'redis-tools', {
      dnf: 'redis',
      apk: 'redis',
      pacman: 'redis',
    }),
    programs(['mosquitto_sub'], 'the clients of Mosquitto', 'mosquitto-clients', {
      dnf: 'mosquitto',
      pacman: 'mosquitto',
    }),
    programs(['nats-server'], 'the NATS server'),
  ],
  soak: [
    programs(['iperf3']),
    programs(['memcached']),
    programs(['memcaslap', 'memccapable'], 'the tools of libmemcached', 'libmemcached-tools', {
      dnf: 'libmemcached-awesome-tools',
      apk: 'libmemcached',
      pacman: 'libmemcached-awesome',
    }),
  ],
  // Of Debian alone.
  prebuild: [
    {
      what: "Debian's tools for source packages",
      present: () => onPath('dpkg-source'),
      from: { apt: 'dpkg-dev' },
    },
  ],
  arm64: [
    {
      what: 'a C++ compiler for arm64',
      present: () => onPath('aarch64-linux-gnu-g++'),
      from: { apt: 'g++-aarch64-linux-gnu' },
    },
  ],
  bench: [
    {
      what: 'the headers of OpenSSL 3',
      present: () => says('pkg-config', ['--exists', 'libssl >= 3', 'libcrypto']),
      from: { apt: 'libssl-dev', dnf: 'openssl-devel', apk: 'openssl-dev', pacman: 'openssl' },
    },
    openssl,
  ],
  wrk: [wrk],
  lint: [programs(['clang-format'], 'clang-format', 'clang-format', clang)],
  tidy: [programs(['clang-tidy'], 'clang-tidy', 'clang-tidy', clang)],
};

const managers = [
  {
    name: 'apt',
    program: 'apt-get',
    refresh: ['update'],
    install: ['install', '-y', '--no-install-recommends'],
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  },
  { name: 'dnf', program: 'dnf', install: ['install', '-y'] },
  { name: 'apk', program: 'apk', install: ['add', '--no-cache'] },
  { name: 'pacman', program: 'pacman', install: ['-Sy', '--noconfirm', '--needed'] },
];

/**
 * Sees to it that the named groups of needs are there. As root it installs what is missing; otherwise it
 * prints the one command that does, and ends.
 */
export function ensureSystem(groups) {
  const unknown = groups.filter((group) => !(group in needs));
  if (unknown.length > 0)
    stop(`no group ${unknown.join(', ')}; there are ${Object.keys(needs).join(', ')}`);
  const wanted = groups.flatMap((group) => needs[group]);
  const missing = absent(wanted);
  if (missing.length === 0) return;

  const manager = managers.find(({ program }) => onPath(program));
  if (!manager || process.getuid() !== 0) stop(wordsFor(missing, manager));

  const packages = packagesOf(missing, manager);
  step(`${manager.program} installs ${packages.join(' ')}`, () => {
    const { program, env } = manager;
    // Without a network the package lists may still do, so only the installation decides.
    if (manager.refresh) run(program, manager.refresh, { env, mayFail: true });
    run(program, [...manager.install, ...packages], { env });
  });

  const stillMissing = absent(wanted);
  if (stillMissing.length > 0) stop(wordsFor(stillMissing, manager));
}

/** What the named groups lack, and the command that brings it. Undefined if nothing is missing. */
export function whatIsMissing(groups) {
  const missing = absent(groups.flatMap((group) => needs[group]));
  if (missing.length === 0) return undefined;
  return wordsFor(
    missing,
    managers.find(({ program }) => onPath(program)),
  );
}

function absent(wanted) {
  return wanted.filter((need) => !need.present());
}

function packagesOf(missing, { name }) {
  return [...new Set(missing.map(({ from }) => from[name]).filter(Boolean))];
}

function wordsFor(missing, manager) {
  const what = missing.map((need) => need.what).join(', ');
  if (!manager) return `rxjs-libevent needs ${what}. Install what is missing, and run this again.`;
  const sudo = process.getuid() === 0 ? [] : ['sudo'];
  const command = [...sudo, manager.program, ...manager.install, ...packagesOf(missing, manager)];
  return `rxjs-libevent needs ${what}. Install with:\n\n  ${command.join(' ')}\n`;
}

function onPath(program) {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => folder !== '' && exists(join(folder, program), constants.X_OK));
}

function exists(file, mode = constants.F_OK) {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

function says(program, args, pattern) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return pattern ? pattern.test(`${stdout}${stderr}`) : status === 0;
}
