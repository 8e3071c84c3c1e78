import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { benchFolder } from './paths.mjs';

/** Builds the C programs, and the library where a peer needs it. */
export async function build(peers) {
  if (peers.some(({ library }) => library)) {
    const { setUp } = await import('../../scripts/setup/index.mjs');
    await setUp();
  }
  try {
    const folder = join(benchFolder, 'native');
    execFileSync('make', ['--silent', '-C', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`the C programs do not build: ${error.stderr ?? error.message}`, {
      cause: error,
    });
  }
}
