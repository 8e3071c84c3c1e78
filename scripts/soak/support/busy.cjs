// An echo server on two reactor threads with clients that never stop, for a process or a worker that
// will be ended. Notifies its parent when every client has had an answer, and loops on.
'use strict';
const { connect } = require('node:net');
const { parentPort, isMainThread } = require('node:worker_threads');
const { EventBase, sendTo, serve } = require('rxjs-libevent');

const CLIENTS = 10;
const CHUNK = Buffer.alloc(20_000, 'x');

const base = new EventBase({ threads: 2 });
const listener = base.listen({ host: '127.0.0.1' });
listener.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();

let answered = 0;
listener.bound.subscribe(({ port }) => {
  for (let index = 0; index < CLIENTS; index += 1) {
    const client = connect(port, '127.0.0.1');
    const ask = () => client.write(CHUNK);
    client
      .on('error', () => {})
      .on('connect', ask)
      .on('data', ask);
    client.once('data', () => {
      answered += 1;
      if (answered === CLIENTS) busy();
    });
  }
});

function busy() {
  if (!isMainThread) {
    parentPort.postMessage('busy');
  } else {
    const delay = Number(process.argv[2]);
    setTimeout(() => process.exit(42), delay);
  }
}
