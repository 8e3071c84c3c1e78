// node scripts/build.mjs [samples | bench]: the addon, the library, and the programs of one folder.
import { setUp } from './setup/index.mjs';

setUp({ programs: process.argv[2] });
