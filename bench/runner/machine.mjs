import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';
import { rootFolder } from './paths.mjs';

function ask(command, ...args) {
  try {
    const stdio = ['ignore', 'pipe', 'ignore'];
    return execFileSync(command, args, { cwd: rootFolder, encoding: 'utf8', stdio }).trim();
  } catch {
    return 'unknown';
  }
}

/** What the figures depend on: the machine and the versions. */
export function describeMachine() {
  const library = JSON.parse(readFileSync(join(rootFolder, 'package.json'), 'utf8'));
  const rxjs = createRequire(import.meta.url)('rxjs/package.json');
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: os.cpus()[0].model.trim(),
    cores: os.cpus().length,
    memoryGb: Math.round(os.totalmem() / 1e9),
    linux: /^\d+(\.\d+)*/.exec(os.release())?.[0] ?? 'unknown',
    compiler: ask('cc', '-dumpfullversion'),
    node: process.versions.node,
    libevent: ask('pkg-config', '--modversion', 'libevent'),
    rxjs: rxjs.version,
    library: library.version,
    commit: ask('git', 'rev-parse', '--short', 'HEAD'),
  };
}

/** The same in one sentence. */
export function machineLine(machine) {
  return (
    `${machine.date}, ${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, loopback, ` +
    `Linux ${machine.linux}, Node ${machine.node}, libevent ${machine.libevent}, ` +
    `RxJS ${machine.rxjs}, gcc ${machine.compiler}, rxjs-libevent ${machine.library} (${machine.commit})`
  );
}
