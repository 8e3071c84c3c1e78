// node scripts/build.mjs [samples]: the addon and the library, and with `samples` the samples beside them.
import { setUp } from './setup/index.mjs';

setUp({ programs: process.argv[2] });
