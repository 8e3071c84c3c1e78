import * as bases from './bases.mjs';
import * as connections from './connections.mjs';
import * as descriptors from './descriptors.mjs';
import * as ends from './ends.mjs';
import * as files from './files.mjs';
import * as forwards from './forwards.mjs';
import * as loads from './loads.mjs';
import * as reads from './reads.mjs';
import * as settings from './settings.mjs';
import * as timers from './timers.mjs';
import * as workers from './workers.mjs';
import * as writes from './writes.mjs';

/** By the file that has them. */
export const families = {
  ...{ bases, connections, descriptors, ends, files, forwards },
  ...{ loads, reads, settings, timers, workers, writes },
};

/** Everything that a program can do, by name. */
export const steps = Object.assign({}, ...Object.values(families));
