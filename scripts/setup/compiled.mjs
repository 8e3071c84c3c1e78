import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './paths.mjs';
import { run, step } from './report.mjs';
import { filesIn, fingerprint, isStamped, writeStamp } from './stamp.mjs';

const configs = ['package-lock.json', 'tsconfig.json'].map((file) => join(root, file));

/**
 * Compiles the library to dist, and one folder of programs to .build, where sources changed. `tsc -b` goes by times: it
 * takes a source with an older time and another text for compiled, a folder that is gone for there, and keeps what
 * sources that are gone were compiled to.
 */
export function ensureCompiled(programs) {
  const library = fingerprint([
    ...configs,
    join(root, 'tsconfig.build.json'),
    ...filesIn('lib', /\.ts$/),
  ]);
  ensure('lib', library, 'dist', 'tsconfig.build.json');
  if (!programs) return;

  const project = `tsconfig.${programs}.json`;
  const print = fingerprint(
    [...configs, join(root, project), ...filesIn(programs, /\.ts$/)],
    [library],
  );
  ensure(programs, print, `.build/${programs}`, project);
}

function ensure(folder, print, output, project) {
  const stamp = join(root, '.build/stamps', folder);
  if (existsSync(join(root, output)) && isStamped(stamp, print)) return;
  step(`compiling ${folder}`, () => {
    rmSync(stamp, { force: true });
    rmSync(join(root, output), { recursive: true, force: true });
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project]);
  });
  writeStamp(stamp, print);
}
