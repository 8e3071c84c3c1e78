// npm run bench [-- --quick | --scenario NAME | --runs N ...]: every scenario against every peer.
// What it needs to run at all is installed before anything of it is imported.
import { ensureModules } from '../scripts/setup/modules.mjs';

ensureModules();
const { main } = await import('./runner/main.mjs');
process.exitCode = await main(process.argv.slice(2));
