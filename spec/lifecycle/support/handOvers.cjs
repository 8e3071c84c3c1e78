'use strict';

// node handOvers.cjs COUNT: echo through a base with `threads: 'auto'` that is handed over as often as
// can be, until it has been so COUNT times: about a thousand a second. JavaScript blocks for 0.2 ms at a
// time, and a standby that looks every 4 µs takes the base meanwhile. Peers in a worker send a pattern of
// bytes each and compare what comes back. Prints what has been seen.

const { Worker, isMainThread, workerData, parentPort } = require('node:worker_threads');

const PEERS = 8;
const PATTERN = Buffer.from(Array.from({ length: 65536 }, (_, at) => (at * 7 + (at >> 8)) & 255));

if (isMainThread) serveThem(Number(process.argv.at(-1)));
else for (let peer = 0; peer < PEERS; peer += 1) sendAndCompare(peer);

function serveThem(count) {
  const native = require('../../../native/build/Release/rxjs_libevent.node');
  const { Reactor } = native;
  native.Reactor = function EagerReactor(options) {
    return new Reactor({ ...options, standbyTickUs: 4 });
  };
  const { EventBase, sendTo, serve } = require('rxjs-libevent');
  const base = new EventBase({ threads: 'auto' });
  const listener = base.listen({ host: '127.0.0.1' });
  const served = listener.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
  let bytes = 0;
  let ended = 0;
  listener.bound.subscribe(({ port }) => {
    const stop = new SharedArrayBuffer(4);
    const worker = new Worker(__filename, { workerData: { port, stop } });
    worker.on('message', (message) => {
      if (message.wrong !== undefined) throw new Error(`foreign bytes at ${message.wrong}`);
      bytes += message.bytes;
      ended += 1;
    });
    worker.on('exit', async () => {
      const { takeOvers, handBacks, javaScriptTurns, standbyTurns } = base.stats;
      served.unsubscribe();
      await base.close();
      const turns = [javaScriptTurns, standbyTurns].every((some) => some > 0);
      const report = { ended, flowed: bytes > 0, turns, bytes, handOvers: takeOvers + handBacks };
      console.log(JSON.stringify(report));
    });
    const nap = new Int32Array(new SharedArrayBuffer(4));
    const block = () => {
      Atomics.wait(nap, 0, 0, 0.2);
      const { takeOvers, handBacks } = base.stats;
      if (takeOvers + handBacks >= count) Atomics.store(new Int32Array(stop), 0, 1);
      else setImmediate(block);
    };
    block();
  });
}

function sendAndCompare(peer) {
  const { port, stop } = workerData;
  const socket = require('node:net').connect(port, '127.0.0.1');
  let sent = 0;
  let got = 0;
  const at = (position) => (position + peer * 977) % PATTERN.length;
  const send = () => {
    if (Atomics.load(new Int32Array(stop), 0) === 1) return void socket.end();
    const from = at(sent);
    const part = PATTERN.subarray(from, from + 1 + ((sent * 31) % 500));
    sent += part.length;
    socket.write(part);
  };
  socket.on('connect', send).on('data', (data) => {
    for (let index = 0; index < data.length;) {
      const from = at(got);
      const length = Math.min(data.length - index, PATTERN.length - from);
      if (!data.subarray(index, index + length).equals(PATTERN.subarray(from, from + length))) {
        parentPort.postMessage({ wrong: got });
      }
      index += length;
      got += length;
    }
    if (got === sent) send();
  });
  socket.on('end', () => {
    if (got !== sent) parentPort.postMessage({ wrong: got });
    parentPort.postMessage({ bytes: got });
  });
}
