// node scripts/soak/connections.mjs [COUNT]: COUNT connections to the rot13 sample, 10,000 by default, one
// line each, some of them reset. Afterwards the server must have the descriptors and the threads that it
// had before, and its memory must not have grown by more than 64 MB.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { rot13 } from './support/programs.mjs';
import { check, finish, report } from './support/report.mjs';

const AT_ONCE = 200;

setUp({ programs: 'samples' });
const count = Number(process.argv[2] ?? 10_000);
const server = await Program.listening(rot13, '--port', '0', '--threads', '2');
let answered = 0;

await batch(2 * AT_ONCE);
const before = { fd: entries('fd'), task: entries('task'), rss: server.rss };
answered = 0;
await batch(count);
check(`${count} connections have had their answers`, answered === count);
// Closed by the peer is not yet closed by the server: one more round trip comes after it.
for (let round = 0; round < 50 && entries('fd') > before.fd; round += 1) await batch(1);
report('descriptors that are left', entries('fd') - before.fd, 'descriptors', 0);
report('threads that are left', entries('task') - before.task, 'threads', 0);
report('growth', server.rss - before.rss, 'MB', 64);
check('ends with 0 when it is interrupted', (await server.stop('SIGINT')) === 0);
finish();

async function batch(connections) {
  let left = connections;
  const chain = async () => {
    while (left > 0) {
      left -= 1;
      await one(left % 5 === 0);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, connections) }, chain));
}

async function one(reset) {
  const peer = connect(server.port, '127.0.0.1');
  peer.setEncoding('latin1').write('Hello, World!\n');
  const [answer] = await once(peer, 'data');
  if (answer === 'Uryyb, Jbeyq!\n') answered += 1;
  if (reset) peer.resetAndDestroy();
  else peer.end();
  await once(peer, 'close');
}

function entries(what) {
  return readdirSync(`/proc/${server.pid}/${what}`).length;
}
