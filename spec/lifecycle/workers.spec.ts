import { runChild } from './support/Child';

/** What a worker runs: an echo server, and clients of `node:net` that never stop. */
const worker = `
  const net = require('node:net');
  const { parentPort } = require('node:worker_threads');
  const { EventBase, listen, sendTo, serve } = require('rxjs-libevent');
  const base = new EventBase({ threads: 2 });
  const listener = base.listen({ host: '127.0.0.1' });
  listener.pipe(serve((conn) => conn.pipe(sendTo(conn)), { onError: () => {} })).subscribe();
  listener.bound.subscribe(({ port }) => {
    let answered = 0;
    for (let index = 0; index < 10; index += 1) {
      const client = net.connect(port, '127.0.0.1');
      const ask = () => client.write('x'.repeat(20000));
      client.on('error', () => {}).on('connect', ask).on('data', ask);
      client.once('data', () => { if ((answered += 1) === 10) parentPort.postMessage('busy'); });
    }
  });`;

const start = `
  const { Worker } = require('node:worker_threads');
  const { once } = require('node:events');
  const { readdirSync, readFileSync } = require('node:fs');
  const start = async (code = ${JSON.stringify(worker)}) => {
    const worker = new Worker(code, { eval: true });
    await once(worker, 'message');
    return worker;
  };
  const fds = () => readdirSync('/proc/self/fd').length;
  const threads = () => readdirSync('/proc/self/task')
    .filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8') === 'libevent\\n').length;
  const main = async (run) => { await run(); };
`;

const clean = { code: 0, signal: null, stderr: '' };

describe('workers', () => {
  it('load the library at the same time, beside the main thread', async () => {
    const ended = await runChild(`${start}
      const { EventBase } = require('rxjs-libevent');
      new EventBase({ threads: 1 });
      main(async () => {
        const workers = await Promise.all([start(), start(), start()]);
        console.log(threads());
        await Promise.all(workers.map((worker) => worker.terminate()));
        console.log(threads());
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: '7\n1\n' });
  });

  it('terminate at any moment under load, with every descriptor and thread freed', async () => {
    const ended = await runChild(`${start}
      main(async () => {
        await (await start()).terminate();
        const before = fds();
        for (let round = 0; round < 10; round += 1) await (await start()).terminate();
        console.log(fds() - before, threads());
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: '0 0\n' });
  });

  it('terminate while they block inside next', async () => {
    const ended = await runChild(`${start}
      main(async () => {
        const worker = await start(\`
          const net = require('node:net');
          const { parentPort } = require('node:worker_threads');
          const { listen } = require('rxjs-libevent');
          const listener = listen({ host: '127.0.0.1' });
          listener.subscribe((conn) => conn.subscribe(() => {
            parentPort.postMessage('in next');
            for (;;);
          }));
          listener.bound.subscribe(({ port }) => net.connect(port, '127.0.0.1').write('x'));\`);
        console.log(await worker.terminate(), threads());
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: '1 0\n' });
  });

  it('end with process.exit() inside them, and with an uncaught error', async () => {
    const ended = await runChild(`${start}
      const busy = ${JSON.stringify(worker)};
      main(async () => {
        const worker = await start(busy + 'parentPort.on("message", () => process.exit(3));');
        worker.postMessage('exit');
        console.log((await once(worker, 'exit'))[0]);
        const other = await start(busy + 'parentPort.on("message", () => { throw new Error("in a worker"); });');
        other.postMessage('throw');
        const exited = new Promise((resolve) => other.on('exit', resolve));
        const [error] = await once(other, 'error');
        console.log(await exited, error.message, threads());
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: '3\n1 in a worker 0\n' });
  });

  it('end by themselves once their base has nothing to do', async () => {
    const ended = await runChild(`${start}
      main(async () => {
        const worker = await start(\`
          const { parentPort } = require('node:worker_threads');
          const { EventBase, listen } = require('rxjs-libevent');
          new EventBase({ threads: 3 });
          const listener = listen({ host: '127.0.0.1' });
          const listening = listener.subscribe();
          listener.bound.subscribe(() => { parentPort.postMessage('bound'); listening.unsubscribe(); });\`);
        console.log((await once(worker, 'exit'))[0], threads());
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: '0 0\n' });
  });

  it('do not outlive process.exit() of the main thread', async () => {
    const ended = await runChild(`${start}
      main(async () => {
        await Promise.all([start(), start()]);
        process.exit(5);
      });`);
    expect(ended).toMatchObject({ ...clean, code: 5 });
  });

  it('may be ended while a base is being closed', async () => {
    const ended = await runChild(`${start}
      const busy = ${JSON.stringify(worker)};
      main(async () => {
        for (let round = 0; round < 5; round += 1) {
          const worker = await start(busy + \`
            parentPort.on('message', () => {
              base.close();
              listen({ host: '127.0.0.1' }).subscribe();
              for (let index = 0; index < 5; index += 1) new EventBase().close();
              parentPort.postMessage('closing');
            });\`);
          worker.postMessage('close');
          await once(worker, 'message');
          await worker.terminate();
        }
        console.log(threads());
      });`);
    expect(ended).toMatchObject({ ...clean, stdout: '0\n' });
  });
});

describe('realms', () => {
  it('load the library each for itself, as jest makes them', async () => {
    const ended = await runChild(`
      const vm = require('node:vm');
      const { createRequire } = require('node:module');
      const { readFileSync } = require('node:fs');
      const { dirname } = require('node:path');
      // A module registry of its own over another context; only the addon is the process's.
      const realm = () => {
        const context = vm.createContext({ ...globalThis, process, Buffer, setImmediate, setTimeout,
          clearTimeout, queueMicrotask, performance, Uint8Array, ArrayBuffer, Int32Array, console, URL });
        const cache = new Map();
        const load = (file) => {
          if (cache.has(file)) return cache.get(file).exports;
          const module = { exports: {} };
          cache.set(file, module);
          const require_ = createRequire(file);
          const inner = (name) => {
            const found = require_.resolve(name);
            if (!found.startsWith('/') || found.endsWith('.node')) return require_(name);
            return load(found);
          };
          inner.resolve = require_.resolve;
          vm.runInContext('(function (module, exports, require, __filename, __dirname) {'
            + readFileSync(file, 'utf8') + '\\n})', context, { filename: file })
            (module, module.exports, inner, file, dirname(file));
          return module.exports;
        };
        return load(require.resolve('rxjs-libevent'));
      };
      const net = require('node:net');
      const libraries = [require('rxjs-libevent'), realm(), realm(), realm()];
      console.log(new Set(libraries.map(({ EventBase }) => EventBase)).size);
      let left = libraries.length;
      for (const { EventBase, listen, sendTo, serve } of libraries) {
        const listener = listen({ host: '127.0.0.1' });
        const served = listener.pipe(serve((conn) => conn.pipe(sendTo(conn)), { onError: () => {} })).subscribe();
        listener.bound.subscribe(({ port }) => {
          net.connect(port, '127.0.0.1').on('data', (data) => {
            console.log(data.toString());
            served.unsubscribe();
            EventBase.default.close();
          }).end('echo');
        });
      }`);
    expect(ended).toMatchObject({ ...clean, stdout: '4\necho\necho\necho\necho\n' });
  });
});
