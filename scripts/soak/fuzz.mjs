// node scripts/soak/fuzz.mjs [SECONDS]: random programs of all kinds for a minute, see docs/fuzzing.md.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../setup/paths.mjs';

const [, , seconds = '60'] = process.argv;
const { status } = spawnSync(
  process.execPath,
  [join(root, 'scripts/fuzz.mjs'), '--seconds', seconds],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
