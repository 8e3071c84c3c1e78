import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import { setUp } from '../../scripts/setup/index.mjs';
import { benchFolder, bun, bunFolder, identityFile, rootFolder } from './paths.mjs';

const BUN = '@oven/bun-linux-x64@1.4.5';

/** Builds the samples and the C programs, and installs Bun; what is there already costs nothing. */
export function build() {
  setUp({ programs: 'samples', system: ['bench'] });
  compile();
  makeIdentity();
  if (process.arch !== 'x64' || existsSync(bun)) return;
  try {
    const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', bunFolder, BUN];
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    console.error(`bench: no ${BUN}, so it is not measured: ${String(error.stderr).trim()}`);
  }
}

/** Anew in each run: it lasts a day. */
function makeIdentity() {
  const path = join(rootFolder, '.build/samples/support/selfSigned.js');
  const { selfSigned } = createRequire(import.meta.url)(path);
  writeFileSync(identityFile, selfSigned().key, { mode: 0o600 });
}

function compile() {
  try {
    const folder = join(benchFolder, 'native');
    execFileSync('make', ['--silent', '-C', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`the C programs do not build: ${error.stderr ?? error.message}`, {
      cause: error,
    });
  }
}
