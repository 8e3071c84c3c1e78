import { firstValueFrom, take, toArray } from 'rxjs';
import { EventBase } from '../../lib/base/EventBase';
import { LibeventError } from '../../lib/common/LibeventError';
import { runScript } from './support/runScript';

function kill(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal);
}

describe('evsignal_new: base.signal', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase({ priorities: 2 });
  });
  afterEach(() => base.close());

  /** Resolves when everything that was submitted so far has been done. */
  const settled = () => firstValueFrom(base.timer(0));

  it('emits every signal that comes (evsignal_new, evsignal_add)', async () => {
    const events = firstValueFrom(base.signal('SIGHUP').pipe(take(3), toArray()));
    for (let count = 0; count < 3; count += 1) {
      await settled();
      kill('SIGHUP');
      await settled();
    }
    expect(await events).toEqual([1, 1, 1].map((count) => ({ signal: 'SIGHUP', count })));
  });

  it('counts what comes while JavaScript is busy', async () => {
    const counts: number[] = [];
    await new Promise<void>((resolve) => {
      base.signal('SIGHUP', { priority: 0 }).subscribe(({ count }) => {
        counts.push(count);
        if (counts.length === 1) {
          // Each is delivered before kill() returns: the thread that asks takes it.
          for (let sent = 0; sent < 5; sent += 1) kill('SIGHUP');
        }
        if (counts.reduce((sum, each) => sum + each, 0) === 6) resolve();
      });
      base.timer(0).subscribe(() => {
        kill('SIGHUP');
      });
    });
    expect(counts.length).toBeLessThanOrEqual(3);
  });

  it('reports every subscriber, also of several signals', async () => {
    const log: string[] = [];
    const first = base.signal('SIGHUP').subscribe(() => log.push('first'));
    const second = base.signal('SIGHUP').subscribe(() => log.push('second'));
    const other = firstValueFrom(base.signal('SIGUSR2'));
    await settled();
    kill('SIGHUP');
    kill('SIGUSR2');
    await other;
    await settled();
    expect(log).toEqual(['first', 'second']);
    first.unsubscribe();
    kill('SIGHUP');
    while (log.length < 3) await settled();
    expect(log).toEqual(['first', 'second', 'second']);
    second.unsubscribe();
  });

  it('can be subscribed again after it was given back (evsignal_del)', async () => {
    for (let count = 0; count < 3; count += 1) {
      const event = firstValueFrom(base.signal('SIGHUP'));
      await settled();
      kill('SIGHUP');
      expect(await event).toEqual({ signal: 'SIGHUP', count: 1 });
    }
  });

  it('completes when the base is closed', async () => {
    const other = new EventBase();
    const all = firstValueFrom(other.signal('SIGHUP').pipe(toArray()));
    await other.close();
    expect(await all).toEqual([]);
    await expect(firstValueFrom(other.signal('SIGHUP'))).rejects.toMatchObject({
      code: 'ERR_BASE_CLOSED',
    });
  });

  it('belongs to one base at a time', async () => {
    const other = new EventBase();
    const subscription = base.signal('SIGHUP').subscribe();
    await settled();
    await expect(firstValueFrom(other.signal('SIGUSR2'))).rejects.toMatchObject({
      code: 'EBUSY',
      syscall: 'event_add',
      message: 'event_add EBUSY: another base of this process has signals, and libevent allows one',
    });
    subscription.unsubscribe();
    await settled();
    const event = firstValueFrom(other.signal('SIGUSR2'));
    await firstValueFrom(other.timer(0));
    kill('SIGUSR2');
    expect(await event).toEqual({ signal: 'SIGUSR2', count: 1 });
    await other.close();
  });

  it.each([
    ['SIGKILL', 'the kernel lets nobody handle it'],
    ['SIGSTOP', 'the kernel lets nobody handle it'],
    ['SIGCHLD', 'Node needs it'],
    ['SIGSEGV', 'the instruction that caused it would be repeated for ever'],
    ['SIGBUS', 'the instruction'],
    ['SIGFPE', 'the instruction'],
    ['SIGILL', 'the instruction'],
  ] as const)('refuses %s', (name, reason) => {
    expect(() => base.signal(name)).toThrow(LibeventError);
    expect(() => base.signal(name)).toThrow(`sigaction EINVAL: ${name} cannot be had: ${reason}`);
  });

  it('refuses what is no signal and a priority that is none', () => {
    expect(() => base.signal('SIGNOPE' as NodeJS.Signals)).toThrow(TypeError);
    expect(() => base.signal('SIGHUP', { priority: 2 })).toThrow(RangeError);
  });

  it('is refused while Node has it', async () => {
    const { lines, errors } = await runScript(`
      const base = new EventBase();
      process.on('SIGHUP', () => {});
      const refused = (name) => rxjs.firstValueFrom(base.signal(name)).catch((error) => console.log(error.message));
      refused('SIGHUP')
        .then(() => refused('SIGUSR1'))
        .then(() => { process.removeAllListeners('SIGHUP'); return base.close(); });
    `);
    expect(errors).toBe('');
    expect(lines).toEqual([
      'sigaction EBUSY: process listens to SIGHUP: a signal has one owner',
      'sigaction EBUSY: SIGUSR1 is handled by Node or by another library of this process',
    ]);
  });

  it('gives the signal back to what it did before', async () => {
    const { signal, lines } = await runScript(`
      const base = new EventBase();
      base.signal('SIGHUP').pipe(rxjs.take(1)).subscribe(({ count }) => {
        console.log(count);
        setImmediate(async () => {
          await rxjs.firstValueFrom(base.timer(0));
          process.kill(process.pid, 'SIGHUP');
        });
      });
      rxjs.firstValueFrom(base.timer(0)).then(() => process.kill(process.pid, 'SIGHUP'));
    `);
    expect(lines).toEqual(['1']);
    expect(signal).toBe('SIGHUP');
  });

  it('leaves the signal to the one that has taken it since', async () => {
    const { signal, lines, errors } = await runScript(`
      const base = new EventBase();
      const alive = setInterval(() => {}, 1000);
      const subscription = base.signal('SIGHUP').subscribe(() => console.log('base'));
      (async () => {
        await rxjs.firstValueFrom(base.timer(0));
        process.on('SIGHUP', () => {
          console.log('node');
          process.removeAllListeners('SIGHUP');
          clearInterval(alive);
        });
        subscription.unsubscribe();
        await rxjs.firstValueFrom(base.timer(0));
        process.kill(process.pid, 'SIGHUP');
      })();
    `);
    expect([signal, errors, lines]).toEqual([null, '', ['node']]);
  });

  it('is heard beside listeners that process gets later, and goes on when they go', async () => {
    const { signal, lines, errors } = await runScript(`
      const base = new EventBase();
      const alive = setInterval(() => {}, 1000);
      let ours = 0;
      let nodes = 0;
      const heard = () => (nodes += 1);
      const until = async (done) => { while (!done()) await rxjs.firstValueFrom(base.timer(1)); };
      const subscription = base.signal('SIGHUP').subscribe(({ count }) => (ours += count));
      (async () => {
        await rxjs.firstValueFrom(base.timer(0));
        for (let round = 1; round <= 20; round += 1) {
          process.on('SIGHUP', heard);
          process.kill(process.pid, 'SIGHUP');
          await until(() => ours === 2 * round - 1 && nodes === round);
          process.off('SIGHUP', heard);
          process.kill(process.pid, 'SIGHUP');
          await until(() => ours === 2 * round);
        }
        console.log(ours, nodes);
        process.on('SIGHUP', heard);
        subscription.unsubscribe();
        await rxjs.firstValueFrom(base.timer(0));
        process.kill(process.pid, 'SIGHUP');
        await until(() => nodes === 21);
        console.log(ours, nodes);
        process.off('SIGHUP', heard);
        process.kill(process.pid, 'SIGHUP');
      })();
    `);
    expect([signal, errors, lines]).toEqual(['SIGHUP', '', ['40 20', '40 21']]);
  });

  it('of a worker is heard beside listeners of the main thread', async () => {
    const { code, lines, errors } = await runScript(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(`
        const { parentPort, workerData } = require('node:worker_threads');
        const { EventBase } = require(workerData);
        const { firstValueFrom, take } = require('rxjs');
        const base = new EventBase();
        base.signal('SIGHUP').pipe(take(3)).subscribe({
          next: () => parentPort.postMessage('worker'),
          complete: () => base.close(),
        });
        firstValueFrom(base.timer(0)).then(() => parentPort.postMessage('ready'));
      `)}, { eval: true, workerData: require.resolve('./dist/index.js') });
      const heard = [];
      const hup = () => said('main');
      const said = (who) => {
        heard.push(who);
        if (heard.length === 1) process.kill(process.pid, 'SIGHUP');
        if (heard.length === 2) {
          process.on('SIGHUP', hup);
          process.kill(process.pid, 'SIGHUP');
        }
        if (heard.length === 4) {
          process.off('SIGHUP', hup);
          process.kill(process.pid, 'SIGHUP');
        }
      };
      worker.on('message', said);
      worker.on('exit', () => console.log(heard.sort().join(' ')));
    `);
    expect([code, errors, lines]).toEqual([0, '', ['main ready worker worker worker']]);
  });

  it('leaves Node what it has for SIGINT: the terminal is put in order', async () => {
    const { lines, errors } = await runScript(`
      const { readFileSync } = require('node:fs');
      const caught = () => /SigCgt:\\t(.*)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
      const before = caught();
      const base = new EventBase();
      (async () => {
        base.signal('SIGINT').subscribe().unsubscribe();
        base.signal('SIGHUP').pipe(rxjs.take(1)).subscribe();
        await rxjs.firstValueFrom(base.timer(0));
        process.kill(process.pid, 'SIGHUP');
        await rxjs.firstValueFrom(base.timer(1));
        await base.close();
        console.log(caught() === before);
      })();
    `);
    expect([errors, lines]).toEqual(['', ['true']]);
  });

  it('takes SIGINT and SIGTERM, which end the process otherwise', async () => {
    const { code, lines } = await runScript(`
      const base = new EventBase();
      rxjs.merge(base.signal('SIGINT'), base.signal('SIGTERM')).pipe(rxjs.take(2))
        .subscribe({ next: ({ signal }) => console.log(signal), complete: () => process.exit(7) });
      rxjs.firstValueFrom(base.timer(0)).then(() => {
        process.kill(process.pid, 'SIGINT');
        process.kill(process.pid, 'SIGTERM');
      });
    `);
    expect(code).toBe(7);
    expect([...lines].sort()).toEqual(['SIGINT', 'SIGTERM']);
  });

  it('works on a base of a worker', async () => {
    const { code, lines, errors } = await runScript(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(`
        const { parentPort, workerData } = require('node:worker_threads');
        const { EventBase } = require(workerData);
        const { firstValueFrom } = require('rxjs');
        const base = new EventBase();
        firstValueFrom(base.signal('SIGHUP')).then(({ signal }) => {
          parentPort.postMessage(signal);
          return base.close();
        });
        firstValueFrom(base.timer(0)).then(() => parentPort.postMessage('ready'));
      `)}, { eval: true, workerData: require.resolve('./dist/index.js') });
      worker.on('message', (message) => {
        console.log(message);
        if (message === 'ready') process.kill(process.pid, 'SIGHUP');
      });
    `);
    expect([code, errors, lines]).toEqual([0, '', ['ready', 'SIGHUP']]);
  });

  it('survives a worker that is terminated with a signal in its hands', async () => {
    const { signal, lines, errors } = await runScript(`
      const { Worker } = require('node:worker_threads');
      const worker = new Worker(${JSON.stringify(`
        const { parentPort, workerData } = require('node:worker_threads');
        const { EventBase } = require(workerData);
        const { firstValueFrom } = require('rxjs');
        const base = new EventBase();
        base.signal('SIGHUP').subscribe();
        firstValueFrom(base.timer(0)).then(() => parentPort.postMessage('ready'));
      `)}, { eval: true, workerData: require.resolve('./dist/index.js') });
      worker.on('message', async () => {
        process.kill(process.pid, 'SIGHUP');
        await worker.terminate();
        console.log('terminated');
        process.kill(process.pid, 'SIGHUP');
        setInterval(() => {}, 1000);
      });
    `);
    expect([signal, errors, lines]).toEqual(['SIGHUP', '', ['terminated']]);
  });
});
