// node scripts/test.mjs ARGS: set-up, then every spec, or those that ARGS for jest select.
import Module from 'node:module';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';
import { setUp } from './setup/index.mjs';

setUp({ programs: 'samples', system: ['test'] });

process.chdir(root);
process.argv[1] = join(root, 'node_modules/jest/bin/jest.js');
Module.runMain();
