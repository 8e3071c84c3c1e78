import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The bench folder, and the repository's. */
export const benchFolder = fileURLToPath(new URL('..', import.meta.url));
export const rootFolder = join(benchFolder, '..');

/** Where built programs and results lie; git ignores it. */
export const binFolder = join(benchFolder, '.build/bin');
export const resultsFolder = join(benchFolder, '.build/results');

/** The key and the certificate of the servers that secure what they serve. */
export const identityFile = join(benchFolder, '.build/identity.pem');

/** Bun, where it has been installed: see build.mjs. */
export const bunFolder = join(benchFolder, '.build/bun');
export const bun = join(bunFolder, 'node_modules/@oven/bun-linux-x64/bin/bun');
