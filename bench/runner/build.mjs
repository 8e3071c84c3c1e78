import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { benchFolder } from './paths.mjs';

/** Builds the C programs; what is built already costs nothing. */
export function build() {
  try {
    const folder = join(benchFolder, 'native');
    execFileSync('make', ['--silent', '-C', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`the C programs do not build: ${error.stderr ?? error.message}`, {
      cause: error,
    });
  }
}
