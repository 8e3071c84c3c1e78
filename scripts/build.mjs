// node scripts/build.mjs [samples] [--no-addon] [GROUP...]: the addon and the library, with `samples` the samples
// beside them; first the GROUPs of system packages that what comes next needs (see setup/system.mjs).
import { setUp } from './setup/index.mjs';

const wanted = new Set(process.argv.slice(2));
setUp({
  programs: wanted.delete('samples') ? 'samples' : undefined,
  addon: !wanted.delete('--no-addon'),
  system: [...wanted],
});
