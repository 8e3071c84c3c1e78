// What a program of a spec needs: a base, a listener, and pairs of a connection and its peer.
'use strict';

const { once } = require('node:events');
const { readdirSync, readFileSync } = require('node:fs');
const net = require('node:net');
const { firstValueFrom, filter, ReplaySubject } = require('rxjs');
const { EventBase } = require('rxjs-libevent');
const { bytesOf } = require('./bytesOf.cjs');
const { endingOf } = require('./endingOf.cjs');
const { pattern } = require('./pattern.cjs');

/** More than the kernel takes for a peer that does not read, and less than `maxOutputBytes`. */
const STUFFING_BYTES = 12 << 20;

class World {
  constructor(base) {
    this.base = base;
    this.accepted = new ReplaySubject();
    this.peers = [];
  }

  /** A reactor thread of its own, whatever a base has by itself. */
  static async open({ base = {}, listen = {} } = {}) {
    const world = new World(new EventBase({ threads: 1, ...base }));
    const listener = world.base.listen({ host: '127.0.0.1', ...listen });
    const bound = firstValueFrom(listener.bound);
    world.listening = listener.subscribe(world.accepted);
    world.port = (await bound).port;
    return world;
  }

  /** A peer that is connected; it reads nothing until it is asked to. */
  async peer() {
    const peer = net.connect({ host: '127.0.0.1', port: this.port, allowHalfOpen: true });
    this.peers.push(peer);
    peer.on('error', () => {});
    await once(peer, 'connect');
    return peer;
  }

  async pair() {
    const peer = await this.peer();
    const isOfPeer = (conn) => conn.remoteAddress.port === peer.localPort;
    return { conn: await firstValueFrom(this.accepted.pipe(filter(isOfPeer))), peer };
  }

  /** A pair whose output waits until {@link readStuffing}. */
  async slowPair() {
    const ends = await this.pair();
    ends.conn.next(Buffer.alloc(STUFFING_BYTES));
    await this.rounds();
    return ends;
  }

  /** Waits until the reactor has been round so often: what was there before has been seen. */
  async rounds(count = 20) {
    for (; count > 0; count -= 1) await firstValueFrom(this.base.timer(0));
  }

  async close() {
    this.listening.unsubscribe();
    for (const peer of this.peers) peer.destroy();
    await this.base.close();
  }
}

/** Reads what {@link World.slowPair} has written. */
const readStuffing = (peer) => bytesOf(peer, STUFFING_BYTES);

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const threads = () => readdirSync('/proc/self/task');

/** Node's own, which collect garbage and more. */
const nodeThreads = new Set(threads());

/** Processor time of a thread, in ticks of the system; 0 if it has ended. */
function ticksOf(id) {
  let stat;
  try {
    stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
  } catch {
    return 0;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

const ownTicks = () => ticksOf(process.pid);

/** Of all reactor threads. */
const reactorTicks = () =>
  threads()
    .filter((id) => !nodeThreads.has(id))
    .reduce((sum, id) => sum + ticksOf(id), 0);

/** Who works in vain is known by the processor time that it takes while nothing comes of it. */
const SPIN_TICKS = 100;

/** `'spins'` if the reactors use a second of processor between two steps of `work`, which reports each one. */
async function unlessSpinning(work) {
  let settled = false;
  let before = reactorTicks();
  const onStep = () => (before = reactorTicks());
  const result = work(onStep).finally(() => (settled = true));
  while (!settled && reactorTicks() - before < SPIN_TICKS) await nextTurn();
  return settled ? result : 'spins';
}

/** Has JavaScript use half a second of processor. */
async function workAWhile() {
  const before = ownTicks();
  while (ownTicks() - before < SPIN_TICKS / 2) await nextTurn();
}

/** `'rests'` if the reactors use hardly any processor meanwhile. */
async function restsOrSpins() {
  const before = reactorTicks();
  await workAWhile();
  return reactorTicks() - before < SPIN_TICKS / 10 ? 'rests' : 'spins';
}

/** The owners of threads, by their ids, that use more than hardly any processor meanwhile. */
async function whoSpins(owners) {
  const before = new Map([...owners.keys()].map((id) => [id, ticksOf(id)]));
  await workAWhile();
  const spins = ([id]) => ticksOf(id) - before.get(id) >= SPIN_TICKS / 10;
  return [...owners].filter(spins).map(([, owner]) => owner);
}

const report = (value) => console.log(JSON.stringify(value));

module.exports = {
  ...{ World, bytesOf, endingOf, nextTurn, pattern, readStuffing, report },
  ...{ restsOrSpins, threads, unlessSpinning, whoSpins },
};
