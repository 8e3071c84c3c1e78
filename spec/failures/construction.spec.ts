import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Faults } from '../support/Faults';
import { runChild } from '../lifecycle/support/Child';

const count = `
  const { readdirSync } = require('node:fs');
  const { EventBase } = require('rxjs-libevent');
  const held = () => ({
    fds: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  });
  /** What is still there when a second of work has been spent on waiting for it to go. */
  const leftOver = async (before) => {
    const { user } = process.cpuUsage();
    for (;;) {
      const now = held();
      const left = Object.keys(now).filter((name) => now[name] > before[name]);
      if (left.length === 0 || process.cpuUsage().user - user > 1e6) return left;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };`;

describe('failures: a base that cannot be made', () => {
  const faults = new Faults();
  afterAll(() => faults.remove());

  it('leaves nothing, whichever piece of memory is the one too many', async () => {
    const ended = await runChild(
      `${count}
      const main = async () => {
        let spent = 0;
        let budget = Infinity;
        const spend = () => {
          spent += 1;
          if (spent > budget) throw new RangeError('Array buffer allocation failed');
        };
        const { allocUnsafeSlow, alloc } = Buffer;
        globalThis.ArrayBuffer = new Proxy(ArrayBuffer, {
          construct: (target, args) => (spend(), new target(...args)),
        });
        Buffer.allocUnsafeSlow = (bytes) => (spend(), allocUnsafeSlow(bytes));
        Buffer.alloc = (...args) => (spend(), alloc(...args));
        await new EventBase({ threads: 2 }).close();
        const before = held();
        let left = [];
        // The last ones first: then most is there already.
        for (let most = spent - 1; most >= 0 && left.length === 0; most -= 1) {
          spent = 0;
          budget = most;
          try {
            new EventBase({ threads: 2 }).close();
          } catch (error) {
            if (error.message !== 'Array buffer allocation failed') throw error;
          }
          budget = Infinity;
          left = await leftOver(before);
        }
        console.log(JSON.stringify(left));
        process.exit();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '', stdout: '[]\n' });
  });

  it.each([
    ['epoll_create1', 'EMFILE'],
    ['eventfd', 'EMFILE'],
    ['timerfd_create', 'EMFILE'],
    ['socketpair', 'EMFILE'],
    ['pipe2', 'EMFILE'],
    ['epoll_ctl', 'ENOSPC'],
    ['pthread_create', 'EAGAIN'],
  ])('leaves nothing, whenever %s fails with %s', async (call, error) => {
    const ended = await faults.run(
      `${count}
      const faults = require('./spec/support/faults.cjs');
      const main = async () => {
        await new EventBase({ threads: 2 }).close();
        const before = held();
        const results = new Set();
        for (let skip = 0; skip < 20; skip += 1) {
          faults.fail('${call}', '${error}', { skip, times: 1, anyThread: true });
          try {
            const base = new EventBase({ threads: 2 });
            faults.lift('${call}');
            await base.close();
          } catch (error) {
            if (error.name !== 'LibeventError') results.add(String(error));
          }
          faults.lift('${call}');
          for (const name of await leftOver(before)) results.add(name);
          if (results.size > 0) break;
        }
        console.log(JSON.stringify([...results]));
        process.exit();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: '[]\n' });
  });

  it.each(['epoll_create1', 'eventfd', 'pthread_create'])(
    'ends the worker and not the process, when it is terminated within %s',
    async (call) => {
      const ended = await faults.run(
        `const { Worker } = require('node:worker_threads');
        const { once } = require('node:events');
        const faults = require('./spec/support/faults.cjs');
        const main = async () => {
          const worker = new Worker(\`
            const { EventBase } = require('rxjs-libevent');
            const { parentPort } = require('node:worker_threads');
            parentPort.once('message', () => new EventBase({ threads: 2 }));
            parentPort.postMessage('ready');\`, { eval: true });
          await once(worker, 'message');
          faults.hold('${call}');
          worker.postMessage('make one');
          while (!faults.isHeld('${call}')) await faults.nextTurn();
          const ended = worker.terminate();
          faults.go('${call}');
          await ended;
          console.log('ended');
        };
        main();`,
      );
      expect(ended).toMatchObject({ code: 0, signal: null, stderr: '', stdout: 'ended\n' });
    },
  );
});

describe('failures: the addon', () => {
  it('is never unmapped, as libevent keeps its hooks', () => {
    const addon = join(__dirname, '../../native/build/Release/rxjs_libevent.node');
    expect(execFileSync('readelf', ['-d', addon], { encoding: 'utf8' })).toMatch(/NODELETE/);
  });
});
