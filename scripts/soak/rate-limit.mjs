// node scripts/soak/rate-limit.mjs [SECONDS]: two groups of 30 connections each, one limited in what it
// reads, the other in what it writes. Each must hold its limit within 5 % over 5 seconds.
import { firstValueFrom } from 'rxjs';
import { setUp } from '../setup/index.mjs';
import { check, finish, report } from './support/report.mjs';

const MEMBERS = 30;
const TOLERANCE = 0.05;
const CHUNK = Buffer.alloc(65_536);

setUp({});
const { EventBase } = await import('rxjs-libevent');
const seconds = Number(process.argv[2] ?? 5);
const server = new EventBase();
const client = new EventBase();

const read = await start({ readBytesPerSecond: 20_000_000, tickMs: 20 }, pour, swallow);
const written = await start({ writeBytesPerSecond: 10_000_000 }, swallow, pour);
// What a rest has saved up is spent first.
await new Promise((resolve) => setTimeout(resolve, 500));
const began = performance.now();
const before = await Promise.all([read.totals(), written.totals()]);
await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const after = await Promise.all([read.totals(), written.totals()]);
const passed = (performance.now() - began) / 1000;

console.log(`\ntwo groups of ${MEMBERS} connections, ${passed.toFixed(2)} s`);
judge('read', (after[0].readBytes - before[0].readBytes) / passed, 20_000_000);
judge('written', (after[1].writtenBytes - before[1].writtenBytes) / passed, 10_000_000);
await Promise.all([server.close(), client.close()]);
finish();

function judge(name, rate, limit) {
  report(`${name}: rate`, rate / 1e6, 'MB/s');
  report(`${name}: from its limit`, (Math.abs(rate - limit) / limit) * 100, '%', TOLERANCE * 100);
  check(`${name}: something passes`, rate > 0);
}

/** Starts a listener whose connections are a group, and as many clients. */
async function start(limit, clientDoes, serverDoes) {
  const group = server.rateLimitGroup(limit);
  const listener = server.listen({ host: '127.0.0.1', port: 0, rateLimitGroup: group });
  listener.subscribe(serverDoes);
  const { port } = await firstValueFrom(listener.bound);
  for (let count = 0; count < MEMBERS; count += 1) {
    client.connect({ host: '127.0.0.1', port }).subscribe({ next: clientDoes, error: ended });
  }
  return group;
}

/** The bases are closed in the middle of it all. */
function ended() {}

function swallow(connection) {
  connection.subscribe({ error: ended });
}

/** Writes as much as the connection takes, for ever. */
function pour(connection) {
  const write = () => {
    while (!connection.saturated && !connection.closed) connection.next(CHUNK);
  };
  connection.drained.subscribe(write);
  write();
}
