// node scripts/soak.mjs [NAME...]: what takes minutes. Every script in scripts/soak, or those named, one
// after the other; each prints its figures with their bounds. Ends with a line for each, and not with 0
// if one has failed.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setUp } from './setup/index.mjs';
import { root } from './setup/paths.mjs';

setUp({ programs: 'samples', system: ['soak'] });

const folder = join(root, 'scripts/soak');
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => basename(file, '.mjs'))
  .sort();
const names = process.argv.length > 2 ? process.argv.slice(2) : known;
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`soak: no ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(1);
}

const verdicts = names.map((name) => {
  console.log(`\n${name}`);
  const began = performance.now();
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.mjs`)], {
    cwd: root,
    stdio: 'inherit',
  });
  return { name, good: status === 0, seconds: Math.round((performance.now() - began) / 1000) };
});

console.log('');
for (const { name, good, seconds } of verdicts) {
  console.log(`soak: ${name} ${good ? 'ok' : 'FAILED'} (${seconds} s)`);
}
process.exitCode = verdicts.every(({ good }) => good) ? 0 : 1;
