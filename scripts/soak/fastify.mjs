// node scripts/soak/fastify.mjs [PATTERN]: fastify's own tests, with every http server of theirs listening by libevent
// (support/over-libevent.cjs). One that fails there must fail over `net`, too. Those that need packages which fastify
// does not install are left out.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setUp } from '../setup/index.mjs';
import { root } from '../setup/paths.mjs';
import { check, finish, report } from './support/report.mjs';

setUp();
const require = createRequire(import.meta.url);
const folder = join(dirname(require.resolve('fastify')), 'test');
const preload = fileURLToPath(new URL('support/over-libevent.cjs', import.meta.url));
const pattern = new RegExp(process.argv[2] ?? '');
/** A test that hangs is one that fails. */
const DEADLINE_MS = 60_000;

const files = readdirSync(folder).filter((file) => file.endsWith('.test.js') && pattern.test(file));
const served = files.filter((file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  return /\blisten\(/.test(text) && needsOf(text).every(isThere);
});

let passed = 0;
const worse = [];
for (const file of served) {
  const over = await run(file, ['--require', preload]);
  passed += over.passed;
  if (over.failed > 0 && over.failed > (await run(file, [])).failed) worse.push(file);
}

console.log("\nfastify's own tests over libevent");
report('files that listen', served.length, `of ${String(files.length)}`);
report('tests that pass', passed, '');
check(`none fails that passes over net ${worse.join(' ')}`, worse.length === 0);
finish();

async function run(file, flags) {
  const args = [...flags, '--test', '--test-reporter=tap', join(folder, file)];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: DEADLINE_MS,
  });
  let text = '';
  child.stdout.on('data', (data) => (text += String(data)));
  const [code] = await once(child, 'close');
  const countOf = (what) => Number(new RegExp(`^# ${what} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
  return { passed: countOf('pass'), failed: code === 0 ? 0 : Math.max(1, countOf('fail')) };
}

/** The packages that a test requires. */
function needsOf(text) {
  return [...text.matchAll(/require\('([^.'][^']*)'\)/g)].map(([, name]) => name);
}

function isThere(name) {
  try {
    require.resolve(name, { paths: [folder] });
    return true;
  } catch {
    return false;
  }
}
