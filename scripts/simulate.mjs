// npm run simulate -- [OPTIONS]: the systems of samples/simulations over a hostile network, seed after
// seed, until one fails; with --digests, nothing but what differs between runs; with --planted, libraries that are broken in one place. See docs/fuzzing.md.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setUp } from './setup/index.mjs';
import { root } from './setup/paths.mjs';
import { findPlanted } from './simulate/findPlanted.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '0x1' },
    only: { type: 'string' },
    digests: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
    library: { type: 'string', default: root },
  },
});
const library = resolve(values.library);
if (library === root) setUp({ programs: 'samples' });
const seeds = Number(values.seeds);
const first = BigInt(values.seed);

if (values.planted) {
  process.exit(findPlanted({ seeds, first, only: values.only }) ? 0 : 1);
}

const require = createRequire(join(library, 'package.json'));
const { simulate } = require(join(library, 'dist/testing.js'));
const { systems } = require(join(library, '.build/samples/simulations/index.js'));
const names = values.only?.split(',') ?? Object.keys(systems);
const strange = names.find((name) => !(name in systems));
if (strange !== undefined) {
  console.error(`simulate: no system ${strange}; there are ${Object.keys(systems).join(', ')}`);
  process.exit(1);
}
for (const name of names) {
  const began = performance.now();
  try {
    const report = simulate({ seed: first, seeds }, systems[name]);
    if (values.digests) {
      console.log(`${name} ${report.digest}`);
      continue;
    }
    const seconds = (performance.now() - began) / 1000;
    const faults = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
    console.log(
      `simulate: ${name}: ${seeds} seeds, ${(seeds / seconds).toFixed(0)} a second, ` +
        `${report.connections} connections, ${report.bytes} bytes, ${faults} faults, digest ${report.digest}`,
    );
  } catch (error) {
    console.error(`simulate: ${name}\n${error.stack}`);
    process.exitCode = 1;
  }
}
