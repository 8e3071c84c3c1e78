// node scripts/soak/stopped-reader.mjs [CONNECTIONS ...]: a reader that has stopped behind a relay, and a
// sender that does not. The relay must not grow by more than its marks and 16 MB, nor use the
// processor; then the reader goes on, and every byte must arrive. By default with 1 and with 500
// connections, and each with `net` and RxJS for the contrast, where the sender stops by itself
// after 3 GB.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { setUp } from '../setup/index.mjs';
import { EndlessSender } from './support/EndlessSender.mjs';
import { Program } from './support/Program.mjs';
import { netRelay, proxy } from './support/programs.mjs';
import { check, finish, report } from './support/report.mjs';

const MB = 2 ** 20;
/** The default marks of a connection: read and write, 65536 bytes each. */
const MARKS_MB = (2 * 65536) / MB;
const SLACK_MB = 16;
const STALLED_SECONDS = 5;
/** Enough that the buffers of the kernel are full with 500 connections. */
const CONTRAST_BYTES = 3072 * MB;

setUp({ programs: 'samples' });
const counts = process.argv.slice(2).map(Number);
for (const count of counts.length > 0 ? counts : [1, 500]) {
  await soak('rxjs-libevent', proxy, count);
  await soak('net + RxJS', netRelay, count);
}
finish();

async function soak(name, file, count) {
  const bounded = file === proxy;
  console.log(`\n${name}, ${count} connection${count === 1 ? '' : 's'}`);
  const readers = [];
  const target = createServer({ allowHalfOpen: true }, (socket) => {
    readers.push(socket.pause());
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const relay = await Program.listening(
    file,
    '--port',
    '0',
    '--to',
    `127.0.0.1:${target.address().port}`,
  );
  await warmUp(relay.port, readers, count);

  const before = relay.rss;
  relay.forgetPeak();
  const senders = [];
  for (let index = 0; index < count; index += 1) {
    senders.push(new EndlessSender(relay.port, bounded ? Infinity : CONTRAST_BYTES / count));
  }
  await Promise.all(senders.map((sender) => sender.connected));
  while (readers.length < count) await delay(10);
  const open = relay.rss;
  await stalled(senders);

  const cpuBefore = relay.cpu;
  await delay(STALLED_SECONDS * 1000);
  const sent = senders.reduce((sum, sender) => sum + sender.bytes, 0) / MB;
  report('accepted from the senders', sent, 'MB');
  report(
    'processor while stalled',
    ((relay.cpu - cpuBefore) / STALLED_SECONDS) * 100,
    '%',
    bounded ? 1 : Infinity,
  );
  report('RSS: growth by the connections alone', open - before, 'MB');
  const bound = count * MARKS_MB + SLACK_MB;
  report('RSS: growth while stalled', relay.rss - before, 'MB', bounded ? bound : Infinity);

  const received = readers.map(digest);
  for (const sender of senders) sender.finish();
  const wanted = await Promise.all(senders.map((sender) => sender.digest));
  const got = await Promise.all(received);
  // Which reader belongs to which sender is of no matter: the contents differ.
  check('every byte arrives (sha256)', same(wanted, got));
  report(
    'RSS: peak growth until the end',
    relay.peakRss - before,
    'MB',
    bounded ? bound : Infinity,
  );
  await relay.stop();
  target.close();
}

async function digest(socket) {
  const hash = createHash('sha256');
  socket.on('data', (data) => hash.update(data)).resume();
  await once(socket, 'end');
  socket.end();
  return hash.digest('hex');
}

/** Until no sender has got rid of anything for a second. */
async function stalled(senders) {
  let before = -1;
  for (;;) {
    const now = senders.reduce((sum, sender) => sum + sender.bytes, 0);
    if (now === before) return;
    before = now;
    await delay(1000);
  }
}

/**
 * What the relay needs once is not growth: code, the young generation, received chunks that the
 * garbage collector has not been to. So the same number of connections passes a little data first.
 */
async function warmUp(port, readers, count) {
  const sockets = Array.from({ length: count }, () =>
    connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume(),
  );
  for (const socket of sockets) socket.end(Buffer.alloc(Math.ceil((64 * MB) / count)));
  while (readers.length < count) await delay(10);
  const ends = sockets
    .filter((socket) => !socket.readableEnded)
    .map((socket) => once(socket, 'end'));
  await Promise.all(readers.splice(0).map(digest));
  await Promise.all(ends);
  await delay(1000);
}

function same(left, right) {
  return left.toSorted().join() === right.toSorted().join();
}
