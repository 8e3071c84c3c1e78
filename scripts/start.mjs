// node scripts/start.mjs ARGS: set-up, then the rot13 sample with ARGS.
import Module from 'node:module';
import { join } from 'node:path';
import { root } from './setup/paths.mjs';
import { setUp } from './setup/index.mjs';

setUp({ programs: 'samples' });

// The sample runs in this very process as its main module: signals, the terminal and the exit code
// are its own. (npm passes a Ctrl-C on to a process that the terminal has already notified, so a
// program under `npm start` may well see SIGINT twice.)
process.argv[1] = join(root, '.build/samples/rot13.js');
Module.runMain();
