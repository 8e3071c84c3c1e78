// node firstFailure.mjs LIBRARY SEEDS SEED: the system that fails after the fewest seeds, as JSON; nothing
// where none fails.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [library, seeds, first] = process.argv.slice(2);
const require = createRequire(join(library, 'package.json'));
const { simulate } = require(join(library, 'dist/testing.js'));
const { systems } = require(join(library, '.build/samples/simulations/index.js'));

let finding;
let most = Number(seeds);
for (const [system, make] of Object.entries(systems)) {
  if (most === 0) break;
  try {
    simulate({ seed: BigInt(first), seeds: most, shrinkRuns: 0 }, make);
  } catch (error) {
    const what = error.message.replace(/^simulate: /, '').split(/, at [0-9]+ ms|\n/)[0];
    // With few seeds not everything is reached.
    if (what.includes('was never reached')) continue;
    const seed = Number(error.seed - BigInt(first)) + 1;
    finding = { seed, system, what: what.slice(0, 100) };
    most = seed - 1;
  }
}
if (finding !== undefined) console.log(JSON.stringify(finding));
