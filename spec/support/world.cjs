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

/** Node's own, which collect garbage and more. */
const nodeThreads = new Set(readdirSync('/proc/self/task'));

/** Processor time of reactor threads, and of JavaScript's, in ticks of the system. */
function ticks() {
  const sum = { reactors: 0, own: 0 };
  for (const id of readdirSync('/proc/self/task')) {
    const isOwn = Number(id) === process.pid;
    if (nodeThreads.has(id) && !isOwn) continue;
    let stat;
    try {
      stat = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
    } catch {
      continue; // it has ended since
    }
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    sum[isOwn ? 'own' : 'reactors'] += Number(fields[11]) + Number(fields[12]);
  }
  return sum;
}

/** Who works in vain is known by the processor time that it takes while nothing comes of it. */
const SPIN_TICKS = 100;

/** `'spins'` if the reactors use a second of processor between two steps of `work`, which reports each one. */
async function unlessSpinning(work) {
  let settled = false;
  let { reactors } = ticks();
  const onStep = () => ({ reactors } = ticks());
  const result = work(onStep).finally(() => (settled = true));
  while (!settled && ticks().reactors - reactors < SPIN_TICKS) await nextTurn();
  return settled ? result : 'spins';
}

/** `'rests'` if the reactors use hardly any processor while JavaScript uses half a second. */
async function restsOrSpins() {
  const before = ticks();
  let now = ticks();
  while (now.own - before.own < SPIN_TICKS / 2) {
    await nextTurn();
    now = ticks();
  }
  return now.reactors - before.reactors < SPIN_TICKS / 10 ? 'rests' : 'spins';
}

const report = (value) => console.log(JSON.stringify(value));

module.exports = {
  ...{ World, bytesOf, endingOf, nextTurn, pattern, readStuffing, report },
  ...{ restsOrSpins, unlessSpinning },
};
