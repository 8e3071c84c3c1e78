import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bench folder, and the repository's. */
export const benchFolder = fileURLToPath(new URL('..', import.meta.url));
export const rootFolder = join(benchFolder, '..');

/** Where built programs and results lie; git ignores it. */
export const binFolder = join(benchFolder, '.build/bin');
export const resultsFolder = join(benchFolder, '.build/results');
