// node scripts/soak/long-transfer.mjs [GB]: GB gigabytes through the relay on one connection, 10 GB by
// default. Every byte must arrive, and the relay must not grow by more than 64 MB on the way.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setUp } from '../setup/index.mjs';
import { Program } from './support/Program.mjs';
import { proxy } from './support/programs.mjs';
import { check, finish, report } from './support/report.mjs';

const CHUNK = 1 << 20;
const GROWTH_MB = 64;

setUp({ programs: 'samples' });
const gigabytes = Number(process.argv[2] ?? 10);
const total = Math.ceil((gigabytes * 1e9) / CHUNK) * CHUNK;

const target = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
await once(target, 'listening');
const relay = await Program.listening(
  proxy,
  '--port',
  '0',
  '--to',
  `127.0.0.1:${target.address().port}`,
);

await transfer(64 * CHUNK);
const before = relay.rss;
relay.forgetPeak();
const cpu = relay.cpu;
const began = performance.now();
const { sent, received, bytes } = await transfer(total);
const seconds = (performance.now() - began) / 1000;

console.log(`\n${gigabytes} GB through the relay`);
check('every byte arrives (sha256)', bytes === total && sent === received);
report('throughput', total / 1e6 / seconds, 'MB/s');
report('processor of the relay', ((relay.cpu - cpu) / seconds) * 100, '%');
report('RSS: before', before, 'MB');
report('RSS: peak growth', relay.peakRss - before, 'MB', GROWTH_MB);
await relay.stop();
target.close();
finish();

async function transfer(total) {
  const accepted = once(target, 'connection');
  const socket = connect({ port: relay.port, host: '127.0.0.1', allowHalfOpen: true }).resume();
  const [reader] = await accepted;
  let bytes = 0;
  const received = createHash('sha256');
  reader.on('data', (data) => {
    bytes += data.length;
    received.update(data);
  });
  const ended = Promise.all([once(reader, 'end'), once(socket, 'end')]);

  const sent = createHash('sha256');
  // Two chunks by turns: one is being sent while the other is filled.
  const chunks = [randomBytes(CHUNK), randomBytes(CHUNK)];
  for (let offset = 0; offset < total; offset += CHUNK) {
    const chunk = chunks[(offset / CHUNK) % 2];
    chunk.writeDoubleLE(offset);
    sent.update(chunk);
    await new Promise((resolve) => socket.write(chunk, resolve));
  }
  socket.end();
  await once(reader, 'end');
  reader.end();
  await ended;
  return { sent: sent.digest('hex'), received: received.digest('hex'), bytes };
}
