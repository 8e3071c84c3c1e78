import { runChild } from '../lifecycle/support/Child';

const clean = { code: 0, signal: null, stderr: '' };

describe('memory: a worker that ends', () => {
  it('leaves what it has received to those that were given it', async () => {
    const ended = await runChild(
      `const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      const main = async () => {
        let right = true;
        for (let round = 0; round < 5; round += 1) {
          const worker = new Worker(\`
            const { parentPort } = require('node:worker_threads');
            const { World, pattern } = require('./spec/support/world.cjs');
            (async () => {
              const { conn, peer } = await (await World.open()).pair();
              conn.subscribe((chunk) => {
                parentPort.postMessage(chunk, [chunk.buffer]);
                parentPort.postMessage(chunk.byteLength);
              });
              peer.write(pattern(200));
            })();\`, { eval: true });
          const [chunk] = await once(worker, 'message');
          const [kept] = await once(worker, 'message');
          await worker.terminate();
          gc();
          const { pattern } = require('./spec/support/world.cjs');
          right &&= kept === 0 && Buffer.from(chunk).equals(pattern(200));
        }
        console.log(right);
      };
      main();`,
      { nodeArgs: ['--expose-gc'] },
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'true\n' });
  });

  it('has sent only bytes of its own, whatever others do to the memory that it wrote from', async () => {
    const ended = await runChild(
      `const net = require('node:net');
      const { Worker } = require('node:worker_threads');
      const { once } = require('node:events');
      const shared = new SharedArrayBuffer(8 << 20);
      const main = async () => {
        const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
        await once(server, 'listening');
        const accepted = once(server, 'connection');
        new Uint8Array(shared).fill(0x61);
        const worker = new Worker(\`
          const { parentPort, workerData } = require('node:worker_threads');
          const { EventBase } = require('rxjs-libevent');
          const { shared, port } = workerData;
          new EventBase({ threads: 1 }).connect({ host: '127.0.0.1', port }).subscribe((conn) => {
            conn.next(new Uint8Array(shared));
            parentPort.postMessage('written');
          });\`, { eval: true, workerData: { shared, port: server.address().port } });
        const [socket] = await accepted;
        await once(worker, 'message');
        // Much of it still waits, since nobody reads.
        new Uint8Array(shared).fill(0x58);
        let bytes = 0;
        let foreign = 0;
        let ending = false;
        socket.on('error', () => {}).on('data', (data) => {
          bytes += data.length;
          foreign += data.filter((byte) => byte !== 0x61).length;
          if (bytes > (6 << 20) && !ending) {
            ending = true;
            worker.terminate();
          }
        });
        await once(socket.resume(), 'close');
        server.close();
        console.log(bytes > 0, foreign);
      };
      main();`,
    );
    expect(ended).toMatchObject({ ...clean, stdout: 'true 0\n' });
  });
});
