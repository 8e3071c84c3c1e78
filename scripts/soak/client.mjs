// node scripts/soak/client.mjs [TIMES]: kills the server of the client sample and starts it again, ten
// times by default. The client must come back each time, and have neither grown nor kept anything open.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setUp } from '../setup/index.mjs';
import { root } from '../setup/paths.mjs';
import { Program } from './support/Program.mjs';
import { check, finish, report } from './support/report.mjs';

const ANSWERS = 100;
const sample = (name) => join(root, `.build/samples/${name}.js`);

setUp({ programs: 'samples' });
const times = Number(process.argv[2] ?? 10);

let server = await Program.listening(sample('rot13'), '--port', '0');
const { port } = server;
const to = ['--to', `127.0.0.1:${port}`, '--period-ms', '2'];
const client = spawn(process.execPath, [sample('client'), ...to], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = once(client, 'exit');
let answered = () => undefined;
let answers = 0;
let connections = 0;
createInterface(client.stdout).on('line', (line) => {
  if (line.startsWith('connected')) connections += 1;
  if (!line.startsWith('dhrfgvba')) return;
  answers += 1;
  if (answers >= ANSWERS) answered();
});

await someAnswers();
const before = descriptors();
let longestMs = 0;
for (let count = 0; count < times; count += 1) {
  await server.stop('SIGKILL');
  const began = performance.now();
  server = await Program.listening(sample('rot13'), '--port', String(port));
  await someAnswers();
  longestMs = Math.max(longestMs, performance.now() - began);
}
console.log(`\nthe server of the client sample, killed and restarted ${times} times`);
check('it has come back each time', connections === times + 1);
report('longest until it had a hundred answers again', longestMs, 'ms');
report('descriptors more than at first', descriptors() - before, '', 0);
client.kill('SIGINT');
const [code] = await exited;
check('it ends when it is asked to', code === 0);
await server.stop();
finish();

function someAnswers() {
  answers = 0;
  return new Promise((resolve) => {
    answered = resolve;
  });
}

function descriptors() {
  return readdirSync(`/proc/${client.pid}/fd`).length;
}
