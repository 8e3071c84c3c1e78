// The ways in which bytes are written, each with a reader at its other end.
'use strict';

const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { of } = require('rxjs');
const { sendTo } = require('rxjs-libevent');
const { World, bytesOf, readStuffing } = require('../../support/world.cjs');

/** The next `bytes` bytes, or those that come before a connection's end. */
function receivedBy(conn, bytes) {
  return new Promise((resolve) => {
    let all = Buffer.alloc(0);
    const done = () => resolve(all.subarray(0, bytes));
    conn.subscribe({
      next: (chunk) => {
        all = Buffer.concat([all, chunk]);
        if (all.length >= bytes) done();
      },
      error: done,
      complete: done,
    });
  });
}

const socket = async (world, prepare = () => {}, write = (conn, chunk) => conn.next(chunk)) => {
  const { conn, peer } = await world.pair();
  await prepare(conn);
  return {
    conn,
    write: (chunk) => write(conn, chunk),
    read: (bytes) => bytesOf(peer, bytes),
  };
};

/** Each opens what is written to: `write(chunk)` is synchronous, `read(bytes)` comes after it. */
const ways = {
  'at once': (world) => socket(world),
  'by sendTo': (world) =>
    socket(
      world,
      () => {},
      (conn, chunk) => {
        let failure;
        of(chunk)
          .pipe(sendTo(conn))
          .subscribe({ error: (error) => (failure = error) });
        if (failure !== undefined) throw failure;
      },
    ),
  'to a slow peer': async (world) => {
    const { conn, peer } = await world.slowPair();
    const read = async (bytes) => {
      await readStuffing(peer);
      return bytesOf(peer, bytes);
    };
    return { conn, write: (chunk) => conn.next(chunk), read };
  },
  'rate-limited': (world) =>
    socket(world, (conn) => conn.socket.setRateLimit({ writeBytesPerSecond: 100e6 })),
  'to a pair': async (world) => {
    const [conn, other] = world.base.pair();
    return { conn, write: (chunk) => conn.next(chunk), read: (bytes) => receivedBy(other, bytes) };
  },
  'behind a file': async (world) => {
    const { conn, peer } = await world.pair();
    const folder = mkdtempSync(join(tmpdir(), 'ways-'));
    writeFileSync(join(folder, 'file'), 'file');
    conn.sendFile(join(folder, 'file')).subscribe({ error: () => {} });
    const read = async (bytes) => {
      await bytesOf(peer, 4);
      rmSync(folder, { recursive: true });
      return bytesOf(peer, bytes);
    };
    return { conn, write: (chunk) => conn.next(chunk), read };
  },
};

/** Calls `attempt(way, world)` for each way; gives the ways that were not `'right'`. */
async function faultyWays(attempt, names = Object.keys(ways)) {
  const faulty = {};
  const world = await World.open();
  for (const name of names) {
    const result = await attempt(await ways[name](world), world);
    if (result !== 'right') faulty[name] = result;
  }
  await world.close();
  return faulty;
}

module.exports = { faultyWays, receivedBy };
