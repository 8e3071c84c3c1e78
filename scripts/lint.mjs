// node scripts/lint.mjs [--fix]: every check of form, all at once; with --fix, what can be mended is.
import { spawn } from 'node:child_process';
import { join, relative } from 'node:path';
import { ensureCompiled } from './setup/compiled.mjs';
import { ensureModules } from './setup/modules.mjs';
import { root } from './setup/paths.mjs';
import { filesIn } from './setup/stamp.mjs';
import { ensureSystem } from './setup/system.mjs';

const fix = process.argv.includes('--fix');

ensureSystem(['lint']);
ensureModules();
// eslint.config.mjs takes the library's own rule from there.
ensureCompiled();

const sources = [...filesIn('native', /\.(cc|h)$/), ...filesIn('bench', /\.(cc?|h)$/)].filter(
  (file) => !/\/(build|node_modules)\//.test(file),
);

// Mending goes one after the other, since eslint and prettier write the same files.
const checks = [
  ['eslint', ['.', '--max-warnings', '0', ...(fix ? ['--fix'] : [])]],
  ['prettier', ['.', '--log-level', 'warn', fix ? '--write' : '--check']],
  ['clang-format', [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...sources]],
  ['node', ['scripts/mutate.mjs', '--check']],
  ['depcruise', ['lib', '--config', '.dependency-cruiser.cjs', '--output-type', 'err']],
];

const results = [];
if (fix) for (const check of checks) results.push(await run(check));
else results.push(...(await Promise.all(checks.map(run))));
process.exitCode = results.every(Boolean) ? 0 : 1;

function run([name, args]) {
  const began = performance.now();
  const bin = ['clang-format', 'node'].includes(name)
    ? name
    : join(root, 'node_modules/.bin', name);
  const child = spawn(bin, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      console.log(`lint: ${name} ${code === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
      if (code !== 0) console.log(`\n${shown(name, Buffer.concat(output).toString())}\n`);
      resolve(code === 0);
    });
  });
}

// clang-format says four lines for each place: the files are enough, since --fix mends them.
function shown(name, output) {
  if (name !== 'clang-format') return output.trim();
  const files = output.matchAll(/^(.+?):\d+:\d+: error: code should be clang-formatted/gm);
  const unformatted = [...new Set([...files].map(([, file]) => relative(root, file)))];
  return unformatted.join('\n') || output.trim();
}
