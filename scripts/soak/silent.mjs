// node scripts/soak/silent.mjs [CLIENTS] [SECONDS]: CLIENTS clients that say nothing, 1,000 for 10 seconds by
// default. The rot13 sample must use less than 1 % of one processor meanwhile.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { rot13 } from './support/programs.mjs';
import { check, finish, report } from './support/report.mjs';

setUp({ programs: 'samples' });
const clients = Number(process.argv[2] ?? 1000);
const seconds = Number(process.argv[3] ?? 10);
const server = await Program.listening(rot13, '--port', '0');

const peers = Array.from({ length: clients }, () => connect(server.port, '127.0.0.1'));
await Promise.all(
  peers.map(async (peer) => {
    peer.write('a line, so that everybody has been served once\n');
    await once(peer, 'data');
  }),
);
await pause(1);
const before = server.cpu;
await pause(seconds);
const share = ((server.cpu - before) / seconds) * 100;
report(`${clients} silent clients: processor time`, share, '%', 1);
report(`${clients} silent clients: memory`, server.rss, 'MB', 256);

const answers = peers.map((peer) => once(peer, 'data'));
for (const peer of peers) peer.write('Hello\n');
const texts = new Set((await Promise.all(answers)).map(String));
check('all of them are answered afterwards', texts.size === 1 && texts.has('Uryyb\n'));
for (const peer of peers) peer.destroy();
check('ends with 0 when it is interrupted', (await server.stop('SIGINT')) === 0);
finish();

function pause(length) {
  return new Promise((resolve) => setTimeout(resolve, length * 1000));
}
