// node hostile.cjs SCENARIO [SEED]: does what the library never does, then something that it does.
'use strict';

const { RawReactor, native, options } = require('./RawReactor.cjs');

const { submission, completion } = native.layout;
const int32 = (...numbers) => Buffer.from(Int32Array.from(numbers).buffer);
const [scenario, seed = '1'] = process.argv.slice(2);
const EXTREMES = [0, 1, -1, 2, 3, 255, 65536, 2 ** 31 - 1, -(2 ** 31), 4096, -4096];

let state = Number(seed) * 2654435761;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) % below;
}
const any = () =>
  random(3) === 0 ? (random(2 ** 24) << 8) | random(256) : EXTREMES[random(EXTREMES.length)];

/** Opens something, and hands it over with its id when it is open. */
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
      for (const id of [(3 << 20) | 5, 99_999, (1 << 20) - 1, -1]) reactor.submit(kind, id, 0, 0);
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
        reactor.submit(kind, 8, 0, bytes);
        reactor.submit(kind, 9, -1, bytes);
        reactor.submit(kind, 10, 65_536, bytes);
        reactor.submit(kind, 11, 1, bytes, 1);
        reactor.submit(kind, 12, 0, bytes, 0xffffff);
        reactor.submit(kind, 13, 0, bytes, 2 ** 18 + 1);
      }
    }
  },
  'slabs that are lent twice, too long or not there': (reactor) => {
    for (const bytes of [0, 1, -1, 2 ** 31 - 1, 65_536]) {
      for (const pin of [0, 1, 4, 2 ** 18 - 1, 2 ** 18, 0xffffff]) {
        reactor.submit(submission.lend, 0, bytes, 0, pin);
      }
    }
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
      reactor.submit(submission.write, 41, 0, 100);
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
        Buffer.concat([int32(0, backlog, -1, 4, 0, 1), host]),
      );
      await reactor.taken();
    }
    for (const fd of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 999_999, 2 ** 31 - 1]) {
      reactor.submitPayload(submission.listen, 51, int32(0, 511, fd, 0, 0, 1));
      await reactor.taken();
      reactor.submit(submission.adopt, 52, fd, 1000);
      reactor.submit(submission.closeFd, 0, fd);
      reactor.submit(submission.fd, 53, fd, 0xffff);
      reactor.submit(submission.close, 53);
      await reactor.taken();
    }
    for (const family of [0, 1, 2, 3, 4, 5, 6, -1]) {
      reactor.submitPayload(
        submission.listen,
        54,
        Buffer.concat([int32(-1, 1, -1, family, -1, 1), host]),
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
      reactor.submit(submission.write, 60, 0, 5000);
      const file = Buffer.alloc(16);
      file.writeInt32LE(1, 0);
      file.writeInt32LE(number, 4);
      file.writeBigInt64LE(BigInt(number) * 2n ** 31n, 8);
      reactor.submitPayload(submission.sendFile, 61, file);
      await reactor.taken();
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
    for (let count = 0; count < 20_000; count += 1) {
      const kind = random(40);
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
          random(4) === 0 ? any() & 0xffffff : 0,
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
    { left: words(10) },
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
  reactor.refuse('x');
  reactor.refuse(1);
  reactor.unpin('x');
  reactor.unpin(77);
  refused('pin of no number', () => reactor.pin('x', Buffer.alloc(1)));
  refused('pin beyond the last', () => reactor.pin(2 ** 18, Buffer.alloc(1)));
  refused('pin of nothing', () => reactor.pin(1, undefined));
  reactor.pin(1, Buffer.alloc(10));
  refused('pin that is taken', () => reactor.pin(1, Buffer.alloc(10)));
  reactor.start();
  refused('a second start', () => reactor.start());
  reactor.wake();
  reactor.close();
  reactor.close();
  reactor.wake();
  reactor.setRef(true);
  refused('a start after the end', () => reactor.start());
  refused('a pin after the end', () => reactor.pin(2, Buffer.alloc(1)));
  refused('no receiver', () => native.Reactor.prototype.start.call({}));
  console.log('alive');
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

void completion;
