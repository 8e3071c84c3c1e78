import { runScript } from './support/runScript';

describe("event_set_log_callback: the channel 'rxjs-libevent:log'", () => {
  it('has what libevent says, as it says it (event_set_log_callback)', async () => {
    // libevent warns of a base that dispatches twice; here, of a descriptor that epoll refuses.
    const { lines, errors, code } = await runScript(`
      const { subscribe } = require('node:diagnostics_channel');
      const { openSync } = require('node:fs');
      subscribe('rxjs-libevent:log', ({ severity, message, lost }) => {
        console.log(severity, lost, message.includes('Operation not permitted'));
        clearInterval(alive);
      });
      const alive = setInterval(() => {}, 1000);
      const base = new EventBase({ avoidMethods: ['poll', 'select'] });
      base.fd(openSync('/dev/null')).subscribe({ error: ({ code }) => console.log(code) });
    `);
    expect([code, errors]).toEqual([0, '']);
    expect([...lines].sort()).toEqual(['EPERM', 'warning 0 true']);
  });

  it('has the steps when they are asked for, bounded (event_enable_debug_logging)', async () => {
    const { lines, errors, code } = await runScript(`
      const { subscribe } = require('node:diagnostics_channel');
      const { firstValueFrom } = rxjs;
      let most = 0;
      let seen = 0;
      let lost = 0;
      subscribe('rxjs-libevent:log', (message) => {
        if (message.severity === 'debug') seen += 1;
        lost += message.lost;
      });
      (async () => {
        // Its thread turns while JavaScript waits.
        const base = new EventBase({ threads: 1 });
        library.enableDebugLogging();
        const ticks = base.timer(0, 0.1).subscribe();
        await firstValueFrom(base.timer(0));
        // Nothing is reported for 4000 turns of the loop, of which not every one says something.
        const { passes } = base.stats;
        while (base.stats.passes - passes < 4000);
        while (lost === 0) await firstValueFrom(base.timer(1));
        ticks.unsubscribe();
        library.enableDebugLogging(false);
        await firstValueFrom(base.timer(1));
        await new Promise(setImmediate);
        console.log(seen > 0, lost > 0);
        await base.close();
      })();
    `);
    expect([code, errors, lines]).toEqual([0, '', ['true true']]);
  });

  it('never keeps the process alive, and is silent where nobody listens', async () => {
    const { code, errors, lines } = await runScript(`
      const base = new EventBase();
      library.enableDebugLogging();
      base.timer(1).subscribe();
      try { library.enableDebugLogging(1); } catch (error) { console.log(error.message); }
    `);
    expect([code, errors]).toEqual([0, '']);
    expect(lines).toEqual(['on must be true or false, got 1']);
  });

  it('reaches workers, and survives their end', async () => {
    const { code, errors, lines } = await runScript(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(`
        const { parentPort, workerData } = require('node:worker_threads');
        const { subscribe } = require('node:diagnostics_channel');
        const { EventBase, enableDebugLogging } = require(workerData);
        const base = new EventBase();
        let reported = false;
        subscribe('rxjs-libevent:log', () => {
          if (!reported) parentPort.postMessage('log');
          reported = true;
        });
        enableDebugLogging();
        base.timer(0, 1).subscribe();
      `)}, { eval: true, workerData: require.resolve('./dist/index.js') });
      worker.once('message', async (message) => {
        console.log(message);
        await worker.terminate();
        library.enableDebugLogging(false);
      });
    `);
    expect([code, errors, lines]).toEqual([0, '', ['log']]);
  });
});

describe('event_set_fatal_callback: EventBase without descriptors', () => {
  it('is an error, not the end of the process (event_set_fatal_callback)', async () => {
    const { code, errors, lines } = await runScript(`
      const { openSync, closeSync } = require('node:fs');
      const open = [];
      const base = new EventBase();
      const results = new Set();
      try { for (;;) open.push(openSync('/dev/null')); } catch (error) { console.log(error.code); }
      // One more descriptor each time: every call that can lack one does so once.
      const make = () => {
        try {
          void new EventBase().close();
          results.add('made');
        } catch (error) {
          results.add(error.name + ' ' + error.code);
        }
      };
      for (let spare = 0; spare < 12; spare += 1) {
        make();
        closeSync(open.pop());
      }
      for (const fd of open) closeSync(fd);
      make();
      console.log([...results].join(', '));
      base.timer(1).subscribe(() => console.log('goes on'));
    `);
    expect([code, errors]).toEqual([0, '']);
    expect(lines[0]).toBe('EMFILE');
    expect(lines[1]).toMatch(/^LibeventError EMFILE.*made$/);
    expect(lines[2]).toBe('goes on');
  });
});
