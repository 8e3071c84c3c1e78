// Runs programs that its parent sends, one after the other, and says what it has found.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { World } from './run/World.mjs';
import { run } from './run/run.mjs';
import { steps } from './steps/index.mjs';

const [, , folder] = process.argv;
const require = createRequire(join(folder, 'package.json'));
const path = join(folder, 'dist/index.js');
const library = require(path);
const rxjs = require('rxjs');

let current;
const say = (message) => process.send({ ...message });
const thrown = (error) => {
  const text = String(error?.stack ?? error);
  if (current) current.fail('threw', text);
  else say({ type: 'finding', kind: 'threw', text });
};
process.on('uncaughtException', thrown);
process.on('unhandledRejection', thrown);
process.on('message', async (program) => {
  current = new World({
    ...{ library, rxjs, path, seed: program.seed, kinds: program.kinds, stallMs: program.stallMs },
    report: (finding) => say({ type: 'finding', ...finding }),
  });
  await run(current, program, steps, (step) => say({ type: 'step', step }));
  if (current.finding === undefined) say({ type: 'passed', moves: current.moves });
  current = undefined;
});
// Says that this thread goes on, however long a program takes.
setInterval(() => say({ type: 'alive' }), 1000);
say({ type: 'ready' });
