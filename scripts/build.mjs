// node scripts/build.mjs [samples]: the addon and the library, and the samples beside them if told so.
import { setUp } from './setup/index.mjs';

setUp({ programs: process.argv[2] });
