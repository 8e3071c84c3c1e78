// node scripts/sample.mjs NAME ARGS: set-up, then the sample of that name with ARGS.
import { readdirSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { setUp } from './setup/index.mjs';
import { root } from './setup/paths.mjs';

const [name = ''] = process.argv.splice(2, 1);
// Programs stand in the folder itself, and in that of the recipes.
const samples = ['', 'recipes/'].flatMap((folder) =>
  readdirSync(join(root, 'samples', folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => folder + file.slice(0, -'.ts'.length)),
);

if (samples.includes(name)) {
  setUp({ programs: 'samples' });
  // In this very process, as its main module: signals, the terminal and the exit code are its own.
  process.argv[1] = join(root, '.build/samples', `${name}.js`);
  Module.runMain();
} else {
  console.error(`usage: npm run sample -- NAME [OPTIONS]; one of: ${samples.join(', ')}`);
  process.exitCode = 1;
}
