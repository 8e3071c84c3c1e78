// node bench/run.mjs [--quick | --scenario NAME | --runs N ...]: every scenario against every peer.
// `npm run bench` installs and builds the library first.
import { main } from './runner/main.mjs';

process.exitCode = await main(process.argv.slice(2));
