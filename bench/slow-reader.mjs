// node bench/slow-reader.mjs: a relay whose reader is five times slower than its sender. Writes the memory of the relay
// over time, beside that of net with RxJS, to docs/performance/slow-reader.svg, and prints the figures.
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { setUp } from '../scripts/setup/index.mjs';
import { rootFolder } from './runner/paths.mjs';
import { peers } from './runner/peers.mjs';
import { draw } from './runner/plots.mjs';
import { Child, stopAll } from './runner/processes.mjs';
import { residentBytes } from './runner/system.mjs';

const SECONDS = 10;
const TICKS_PER_SECOND = 20;
const SENT_PER_TICK = Buffer.alloc(5_000_000, 'x');
const READ_PER_TICK = 1_000_000;
const MEGABYTE = 1e6;

setUp();
try {
  const values = [];
  const growths = [];
  for (const name of ['rxjs-libevent', 'net-rxjs-idiomatic']) {
    const peer = peers.find((each) => each.name === name);
    const measured = await measure(peer);
    values.push(...measured);
    growths.push(`${peer.title} ${Math.max(...measured.map(({ y }) => y)).toFixed(0)} MB`);
  }
  const { svg } = await draw(plot(values, `most: ${growths.join(', ')}`));
  writeFileSync(join(rootFolder, 'docs/performance/slow-reader.svg'), `${svg}\n`);
} finally {
  await stopAll();
}

async function measure({ title, server: command }) {
  const reader = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(reader, 'listening');
  const { port: upstream } = reader.address();
  const options = ['--mode', 'relay', '--port', '0', '--upstream-port', String(upstream)];
  const relay = new Child(title, [...command, ...options]);
  const { port } = await relay.json();
  const before = residentBytes(relay.pid);
  const sender = connect(port, '127.0.0.1');
  const [socket] = await once(reader, 'connection');

  const values = [];
  let blocked = false;
  let sentBytes = 0;
  sender.on('drain', () => (blocked = false));
  for (let tick = 0; tick <= SECONDS * TICKS_PER_SECOND; tick += 1) {
    const megabytes = (residentBytes(relay.pid) - before) / MEGABYTE;
    values.push({ peer: title, x: tick / TICKS_PER_SECOND, y: megabytes });
    if (!blocked) {
      blocked = !sender.write(SENT_PER_TICK);
      sentBytes += SENT_PER_TICK.length;
    }
    takeFrom(socket, READ_PER_TICK);
    await pause(1000 / TICKS_PER_SECOND);
  }
  const [sent, read] = [sentBytes, socket.bytesRead].map((bytes) => (bytes / MEGABYTE).toFixed(0));
  console.log(`${title}: ${sent} MB sent, ${read} MB read`);
  for (const each of [sender, socket]) each.destroy();
  reader.close();
  await relay.stop();
  return values;
}

/** Reads a paused socket by as much as is there, up to a number of bytes. */
function takeFrom(socket, bytes) {
  for (let left = bytes; left > 0;) {
    const chunk = socket.read(Math.min(left, socket.readableLength)) ?? undefined;
    if (chunk === undefined) return;
    left -= chunk.length;
  }
}

function plot(values, subtitle) {
  return {
    name: 'slow-reader',
    title: { text: 'A relay with a slow reader: 100 MB/s offered, 20 MB/s read', subtitle },
    values,
    mark: { type: 'line', strokeWidth: 3 },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: 'seconds' },
      y: {
        field: 'y',
        type: 'quantitative',
        title: 'growth of the process, MB',
        scale: { domainMin: 0, domainMax: 1000, clamp: true },
      },
      color: {
        field: 'peer',
        type: 'nominal',
        title: null,
        scale: { domain: ['rxjs-libevent', 'net + RxJS'], range: ['#1f6fb2', '#b5482a'] },
        legend: { orient: 'bottom' },
      },
    },
  };
}
