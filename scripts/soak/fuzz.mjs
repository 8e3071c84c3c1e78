// node scripts/soak/fuzz.mjs [SECONDS]: random programs of all kinds for a minute, and as long with bases
// that JavaScript's thread turns; see docs/fuzzing.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

const [, , seconds = '60'] = process.argv;
const fuzz = (...args) =>
  spawnSync(process.execPath, [join(root, 'scripts/fuzz.mjs'), '--seconds', seconds, ...args], {
    stdio: 'inherit',
  }).status ?? 1;
process.exit(fuzz() || fuzz('--threads', '0', '--method', 'epoll'));
