import { fileURLToPath } from 'node:url';

/** The package's own folder, wherever it stands: a clone, or somebody's node_modules. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
