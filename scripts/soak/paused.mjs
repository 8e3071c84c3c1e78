// node scripts/soak/paused.mjs [CONNECTIONS]: connections that are held above their marks, 1,000 by default.
// They must not use the processor, and each must see its peer die, by FIN or by RST, within a second.
// The server is this script itself, started once more.
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { EventBase, hold } from 'rxjs-libevent';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { finish, report } from './support/report.mjs';

const READ_HIGH = 4096;
const QUIET_SECONDS = 5;

if (process.argv[2] === '--server') serve();
else await soak(Number(process.argv[2] ?? 1000));

function serve() {
  const listener = new EventBase().listen({ host: '127.0.0.1', read: { high: READ_HIGH } });
  listener.subscribe((conn) => {
    conn.subscribe({ next: () => hold('paused'), error: () => {} });
    // To the client that asks: a byte for every death that is seen.
    conn.events.subscribe(({ type }) => {
      if (type === 'hangup') reporter?.next('.');
    });
  });
  let reporter;
  const reports = new EventBase().listen({ host: '127.0.0.1' });
  reports.subscribe((conn) => {
    reporter = conn;
  });
  listener.bound.subscribe(({ port }) => {
    reports.bound.subscribe((address) => {
      console.log(`reports on ${address.port}\nlistening on 127.0.0.1:${port}`);
    });
  });
}

async function soak(count) {
  setUp();
  const file = fileURLToPath(import.meta.url);
  const server = await Program.listening(file, '--server');
  const reporter = connect(Number(/reports on (\d+)/.exec(server.output)[1]), '127.0.0.1');
  await once(reporter, 'connect');
  const peers = [];
  for (let index = 0; index < count; index += 1) {
    const peer = connect(server.port, '127.0.0.1');
    peer.on('error', () => {});
    await once(peer, 'connect');
    // Far above the mark. No more than the kernel takes, or the FIN could not even be sent.
    peer.write(Buffer.alloc(8 * READ_HIGH));
    peers.push(peer);
  }
  await delay(1000);
  console.log(`\n${count} connections held above their marks`);
  const cpu = server.cpu;
  await delay(QUIET_SECONDS * 1000);
  report('processor while paused', ((server.cpu - cpu) / QUIET_SECONDS) * 100, '%', 1);

  for (const [name, die] of [
    ['FIN', (peer) => peer.destroy()],
    ['RST', (peer) => peer.resetAndDestroy()],
  ]) {
    const half = peers.splice(0, Math.floor(count / 2));
    const began = performance.now();
    for (const peer of half) die(peer);
    let seen = 0;
    while (seen < half.length) seen += (await once(reporter, 'data'))[0].length;
    report(`${name}: all of ${half.length} seen after`, performance.now() - began, 'ms', 1000);
  }
  const after = server.cpu;
  await delay(QUIET_SECONDS * 1000);
  report('processor with dead peers', ((server.cpu - after) / QUIET_SECONDS) * 100, '%', 1);
  await server.stop();
  finish();
}
