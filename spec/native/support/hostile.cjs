// node hostile.cjs SCENARIO [SEED]: does what the library never does, then something that it does.
'use strict';

const { openSync } = require('node:fs');
const { RawReactor, native, options } = require('./RawReactor.cjs');

const { submission, completion, memory, control } = native.layout;
const int32 = (...numbers) => Buffer.from(Int32Array.from(numbers).buffer);
const [scenario, seed = '1'] = process.argv.slice(2);
/** Pieces of lent memory: the arena, what is lent, what is not, and what can never be. */
const PIECES = [0, 1, 2, 3, 4, memory.pieces - 1, memory.pieces, memory.pieces + 1, 0x7fffff];
const EXTREMES = [0, 1, -1, 2, 3, 255, 65536, 2 ** 31 - 1, -(2 ** 31), 4096, -4096];

const openFile = openSync(__filename, 'r');

let state = Number(seed) * 2654435761;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) % below;
}
const any = () =>
  random(3) === 0 ? (random(2 ** 24) << 8) | random(256) : EXTREMES[random(EXTREMES.length)];

/** What the library never submits, nor writes to the shared memory. */
const scenarios = {
  'unknown kinds': (reactor) => {
    for (let kind = 0; kind < 256; kind += 1) {
      if (Object.values(submission).includes(kind)) continue;
      reactor.submit(kind, 7, -1, -1);
      reactor.submit(kind, 0, 1, 1, 0xffffff);
    }
  },
  'late ids': (reactor) => {
    for (const kind of Object.values(submission)) {
      if (
        [submission.stop, submission.loopBreak, submission.loopExit, submission.loop].includes(kind)
      )
        continue;
      // A generation that has gone, a slot that never was, and the last one.
      const ids = [(3 << memory.slotBits) | 5, 99_999, memory.slots - 1, memory.slots, -1];
      for (const id of ids) reactor.submit(kind, id, 0, 0);
    }
  },
  'submissions for what has failed to open, in the same turn': async (reactor) => {
    const failing = {
      pair: (id) => reactor.submit(submission.pair, id, id, 1000),
      adopt: (id) => reactor.submit(submission.adopt, id, 999_999, 1000),
      connect: (id) => reactor.submit(submission.connect, id, 0, 0, 1),
      listen: (id) => reactor.submit(submission.listen, id, 0, 0, 1),
      group: (id) => reactor.submit(submission.group, id, 0, 0, 1),
      signal: (id) => reactor.submit(submission.signal, id, -1),
      fd: (id) => reactor.submit(submission.fd, id, 999_999, 2),
    };
    let id = 100;
    for (const [name, open] of Object.entries(failing)) {
      let failed = false;
      id += 1;
      reactor.when(completion.failed, id, () => (failed = true));
      const closed = new Promise((resolve) => reactor.when(completion.closed, id, resolve));
      reactor.together(() => {
        open(id);
        for (const kind of Object.values(submission)) {
          reactor.submit(kind, id, 1, 1, 3);
          reactor.submit(kind, id, 1000, 1000);
        }
      });
      await closed;
      if (!failed) throw new Error(`${name} has not failed`);
    }
  },
  'payloads that are cut off, too long or nowhere': (reactor) => {
    for (const kind of [
      submission.connect,
      submission.listen,
      submission.group,
      submission.rateLimit,
      submission.sendFile,
      submission.write,
    ]) {
      for (const bytes of [0, 1, 3, 7, 19, 23, 31, -1, 2 ** 31 - 1]) {
        for (const piece of PIECES) {
          reactor.submit(kind, 8, 0, bytes, piece);
          reactor.submit(kind, 9, -1, bytes, piece);
          reactor.submit(kind, 10, 1 << 16, bytes, piece);
          reactor.submit(kind, 11, 2 ** 31 - 1, bytes, piece);
          reactor.submit(kind, 12, 1, bytes, piece | memory.releaseBit);
        }
      }
    }
  },
  'writes from every piece, to ends that are there': async (reactor) => {
    reactor.submit(submission.pair, 14, 15, 1000);
    reactor.submit(submission.read, 15, 1);
    for (const piece of PIECES) {
      for (const offset of [0, 1, 4095, -1, 2 ** 31 - 1]) {
        for (const bytes of [0, 1, 4096, 70_000, -1]) {
          reactor.submit(submission.write, 14, offset, bytes, piece);
          reactor.submit(submission.write, 14, offset, bytes, piece | memory.releaseBit);
        }
      }
      await reactor.taken();
    }
    reactor.submit(submission.close, 15);
    reactor.submit(submission.write, 14, 0, 1 << 20, 3 | memory.releaseBit);
    reactor.submit(submission.close, 14);
  },
  'memory that is taken back while it is named': async (reactor) => {
    reactor.submit(submission.pair, 16, 17, 1000);
    for (const piece of [1, 2, 3, 3, 77]) reactor.native.takeBack(piece);
    for (const piece of PIECES) reactor.submit(submission.write, 16, 0, 1, piece);
    await reactor.taken();
    reactor.native.lendMemory(1, reactor.pieces[1]);
    reactor.submit(submission.close, 16);
  },
  'words of the arena that say anything': async (reactor) => {
    const { control: words } = reactor.options;
    reactor.submit(submission.pair, 18, 19, 2 ** 31 - 1);
    reactor.submit(submission.read, 19, 1);
    for (const number of EXTREMES) {
      for (let block = 0; block < memory.arenaBlocks; block += 1) {
        Atomics.store(words, control.borrowed + block, number);
      }
      // More than the arena holds, so that every block is looked at.
      for (let count = 0; count < 10; count += 1) {
        reactor.submit(submission.write, 18, 0, 1 << 20, 3);
        await reactor.taken();
      }
    }
    reactor.submit(submission.close, 18, 1);
    reactor.submit(submission.close, 19, 1);
  },
  'counters of the rings that have been written over': async (reactor) => {
    const { control: words } = reactor.options;
    reactor.submit(submission.pair, 18, 19, 2 ** 31 - 1);
    reactor.submit(submission.read, 19, 1);
    for (const number of EXTREMES) {
      for (const word of ['completionHead', 'jsSleeps', 'jsWantsRoom', 'reactorWantsRoom']) {
        Atomics.store(words, control[word], number);
      }
      reactor.submit(submission.write, 18, 0, 1 << 16, 3);
      await reactor.taken();
    }
    // What JavaScript has taken, as the ring itself knows it.
    reactor.drain();
    reactor.submit(submission.close, 18, 1);
    reactor.submit(submission.close, 19, 1);
  },
  'rate limits of nothing': async (reactor) => {
    const limits = [
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, -1],
      [1000, 1000, 1000, 1000, 0],
      [0, 0, 0, 0, 1],
      [-1, -1, -1, -1, 1],
      [1000, 1, 1000, 1, 1],
      [2 ** 31 - 1, 2 ** 31 - 1, 1, 1, 2 ** 31 - 1],
    ];
    let id = 20;
    for (const limit of limits) {
      reactor.submitPayload(submission.group, id, int32(...limit));
      await reactor.taken();
      for (const changed of limits) {
        reactor.submitPayload(submission.rateLimit, id, int32(...changed));
        await reactor.taken();
      }
      reactor.submit(submission.totals, id);
      id += 1;
    }
    reactor.submit(submission.pair, 40, 41, 1000);
    for (const limit of limits) {
      reactor.submitPayload(submission.rateLimit, 40, int32(...limit));
      await reactor.taken();
      reactor.submit(submission.write, 41, 0, 100, 1);
    }
    for (const group of [20, 23, 40, 41, 99, -1, 0])
      reactor.submit(submission.rateLimitGroup, 40, group);
    for (let group = 20; group < id; group += 1) reactor.submit(submission.close, group);
    reactor.submit(submission.rateLimitGroup, 41, 23);
    reactor.submit(submission.close, 40);
    reactor.submit(submission.rateLimitGroup, 41, 24);
  },
  'a backlog of none, and descriptors that are none': async (reactor) => {
    const host = Buffer.from('127.0.0.1');
    for (const backlog of [0, -1, -(2 ** 31)]) {
      reactor.submitPayload(
        submission.listen,
        50,
        Buffer.concat([int32(0, backlog, -1, 4, 0, 1, 0), host]),
      );
      await reactor.taken();
    }
    for (const fd of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 999_999, 2 ** 31 - 1]) {
      reactor.submitPayload(submission.listen, 51, int32(0, 511, fd, 0, 0, 1, 0));
      await reactor.taken();
      reactor.submit(submission.adopt, 52, fd, 1000);
      reactor.submit(submission.discard, 0, fd);
      reactor.submit(submission.fd, 53, fd, 0xffff);
      reactor.submit(submission.close, 53);
      await reactor.taken();
    }
    for (const family of [0, 1, 2, 3, 4, 5, 6, -1]) {
      reactor.submitPayload(
        submission.listen,
        54,
        Buffer.concat([int32(-1, 1, -1, family, -1, 1, 0), host]),
      );
      await reactor.taken();
      reactor.submit(submission.close, 54);
      for (const length of [-1, 0, 9, 2 ** 31 - 1]) {
        const request = int32(-1, 1000, family, 1, length, -1, length, 2 ** 31 - 1);
        reactor.submitPayload(submission.connect, 55, Buffer.concat([request, host, host]));
        await reactor.taken();
        reactor.submit(submission.close, 55);
      }
    }
  },
  'marks, credit, files and times of all sizes': async (reactor) => {
    reactor.submit(submission.pair, 60, 61, 0);
    reactor.submit(submission.pair, 62, 62, 1000);
    reactor.submit(submission.pair, 60, 63, 1000);
    reactor.submit(submission.pair, 64, 60, 1000);
    for (const number of EXTREMES) {
      for (const kind of [
        'read',
        'readHigh',
        'credit',
        'timeouts',
        'notify',
        'priority',
        'trigger',
      ]) {
        reactor.submit(submission[kind], 60, number, number);
        reactor.submit(submission[kind], 61, 1, number);
      }
      reactor.submit(submission.write, 60, 0, 5000, 3);
      // A descriptor that is none, somebody else's, and one of its own.
      for (const fd of [number, 1, native.duplicateDescriptor(openFile)]) {
        reactor.submitPayload(submission.sendFile, 61, int32(fd, number, number, number >> 1));
        await reactor.taken();
      }
    }
    reactor.submit(submission.close, 60, 9, -1);
    reactor.submit(submission.close, 61, 2, -(2 ** 31));
  },
  'timers and signals of all sizes': async (reactor) => {
    for (const number of EXTREMES) {
      for (const aux of [0, 1, 2, 3, 0xffffff, 0x000100, 0x00ff00]) {
        reactor.submit(submission.timer, 70, number, number, aux);
        reactor.submit(submission.interval, 70, number, number);
        reactor.submit(submission.close, 70);
        await reactor.taken();
      }
      reactor.submit(submission.fd, 72, -1, number);
      reactor.submit(submission.activate, 72, number);
      reactor.submit(submission.interval, 72, number, number);
      reactor.submit(submission.close, 72);
      if (number !== 1 && number !== 2 && number !== 3)
        reactor.submit(submission.signal, 71, number);
      reactor.submit(submission.close, 71);
      await reactor.taken();
    }
  },
  'anything at all': async (reactor) => {
    const never = new Set([
      submission.stop,
      submission.signal,
      submission.loop,
      submission.loopExit,
      submission.loopBreak,
    ]);
    const kinds = Math.max(...Object.values(submission)) + 8;
    for (let count = 0; count < 20_000; count += 1) {
      const kind = random(kinds);
      if (never.has(kind)) continue;
      // Few ids, so that records meet handlers of every kind; a third of the payloads is right.
      const id = 1 + random(12);
      if (random(3) === 0) {
        const words = Array.from({ length: 4 + random(6) }, any);
        if (kind === submission.group || kind === submission.rateLimit) words.length = 5;
        if (kind === submission.sendFile) words.length = 4;
        reactor.submitPayload(kind, id, int32(...words));
        await reactor.taken();
      } else {
        reactor.submit(
          kind,
          id,
          random(2) ? random(12) : any(),
          any(),
          random(4) === 0 ? any() & 0xffffff : PIECES[random(PIECES.length)],
        );
      }
      if (count % 512 === 0) {
        await reactor.taken();
        await new Promise(setImmediate);
      }
    }
    for (let id = 1; id <= 12; id += 1) reactor.submit(submission.close, id);
  },
};

async function main() {
  if (scenario === 'construction') {
    construction();
    return;
  }
  const reactor = new RawReactor();
  await scenarios[scenario](reactor);
  await reactor.taken();
  await reactor.listen(500);
  reactor.native.close();
  console.log('alive');
}

function construction() {
  const refused = (name, make) => {
    try {
      make();
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError || error.errno < 0) return;
    }
    throw new Error(`not refused: ${name}`);
  };
  for (const value of [undefined, null, 5, 'x', {}, []])
    refused(String(value), () => new native.Reactor(value));
  for (const name of Object.keys(options())) {
    for (const value of [undefined, null, Symbol('x'), {}]) {
      refused(name, () => new native.Reactor(options({ [name]: value })));
    }
  }
  const words = (count) => new Int32Array(count);
  for (const changes of [
    { control: words(10) },
    { sent: words(10) },
    { arena: new Uint8Array(10) },
    { arena: new Float64Array(1 << 22) },
    { arena: new SharedArrayBuffer(1 << 23) },
    { completions: words(4 * 100) },
    { completions: words(4 * 64) },
    { submissions: words(4 * 100) },
    { submissions: words(0) },
    { priorities: 257 },
    { priorities: -1, features: 0x7fff },
  ]) {
    refused(JSON.stringify(Object.keys(changes)), () => new native.Reactor(options(changes)));
  }
  const reactor = new native.Reactor(options());
  reactor.setRef(true);
  reactor.setRef('x');
  reactor.takeBack('x');
  reactor.takeBack(77);
  refused('a piece of no number', () => reactor.lendMemory('x', Buffer.alloc(1)));
  refused('a piece beyond the last', () => reactor.lendMemory(memory.pieces, Buffer.alloc(1)));
  refused('the read arena', () => reactor.lendMemory(0, Buffer.alloc(1)));
  for (const nothing of [
    undefined,
    null,
    'text',
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
  ]) {
    refused('a piece of nothing', () => reactor.lendMemory(1, nothing));
  }
  reactor.lendMemory(1, Buffer.alloc(10));
  refused('a piece that is lent', () => reactor.lendMemory(1, Buffer.alloc(10)));
  reactor.takeBack(1);
  reactor.lendMemory(1, Buffer.alloc(10));
  reactor.start();
  refused('a second start', () => reactor.start());
  reactor.wake();
  reactor.close();
  reactor.close();
  reactor.wake();
  reactor.setRef(true);
  refused('a start after the end', () => reactor.start());
  refused('a piece after the end', () => reactor.lendMemory(2, Buffer.alloc(1)));
  refused('no receiver', () => native.Reactor.prototype.start.call({}));
  console.log('alive');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
