import { firstValueFrom, take, toArray } from 'rxjs';
import { EventBase } from '../../lib/base/EventBase';
import type { DispatchEnd } from '../../lib/base/Loop';
import { Fifo } from './support/Fifo';
import { runScript } from './support/runScript';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('event_base_dispatch, event_base_loop, loopexit, loopbreak: base.loop', () => {
  const bases: EventBase[] = [];
  const newBase = (...config: ConstructorParameters<typeof EventBase>): EventBase => {
    const base = new EventBase(...config);
    bases.push(base);
    return base;
  };
  const endsOf = (base: EventBase): DispatchEnd[] => {
    const ends: DispatchEnd[] = [];
    base.dispatched.subscribe((end) => ends.push(end));
    return ends;
  };
  /** Another base's clock: `base` may not dispatch. */
  const pause = (ms = 0) => firstValueFrom(newBase().timer(ms));
  afterEach(async () => {
    await Promise.all(bases.splice(0).map((base) => base.close()));
  });

  it('dispatches from the start (event_base_dispatch)', async () => {
    const base = newBase();
    expect(await firstValueFrom(base.timer(1))).toBe(0);
    expect(() => base.loop()).toThrow('EALREADY');
  });

  it('dispatches when it is asked (event_base_loop)', async () => {
    const base = newBase({ dispatch: false });
    const log: number[] = [];
    base.timer(0).subscribe((value) => log.push(value));
    await pause(2);
    expect(log).toEqual([]);
    const end = base.loop();
    await firstValueFrom(base.timer(0));
    expect(log).toEqual([0]);
    base.loopExit();
    expect(await end).toBe('exit');
  });

  it('does one step of what has happened (EVLOOP_NONBLOCK)', async () => {
    const base = newBase({ dispatch: false });
    const ends = endsOf(base);
    const log: string[] = [];
    expect(await base.loop({ nonblock: true })).toBe('stepped');
    base.timer(0).subscribe(() => log.push('due'));
    base.timer(60_000).subscribe(() => log.push('later'));
    expect(await base.loop({ nonblock: true })).toBe('stepped');
    expect(log).toEqual(['due']);
    expect(await base.loop({ nonblock: true, once: true })).toBe('stepped');
    expect(log).toEqual(['due']);
    expect(ends).toEqual([]);
  });

  it('waits for something to happen and handles it (EVLOOP_ONCE)', async () => {
    const base = newBase({ dispatch: false });
    const log: string[] = [];
    const fifo = new Fifo();
    base.fd(fifo.readEnd).subscribe((event) => log.push(event));
    const step = base.loop({ once: true });
    // A submission wakes the reactor, and is no step.
    for (let count = 0; count < 5; count += 1) {
      base.timer(60_000).subscribe();
      await pause();
    }
    fifo.write('x');
    expect(await step).toBe('stepped');
    expect(log).toEqual(['read']);
    await pause(2);
    expect(log).toEqual(['read']);
    await base.close();
    fifo.close();
  });

  it('serves priorities in their order (event_base_priority_init, event_priority_set)', async () => {
    const base = newBase({ dispatch: false, priorities: 3 });
    expect(base.priorities).toBe(3);
    const order: number[] = [];
    for (const priority of [2, 0, 1]) {
      base.timer(0, undefined, { priority }).subscribe(() => order.push(priority));
    }
    const fifo = new Fifo();
    fifo.write('x');
    base.fd(fifo.readEnd, { priority: 0 }).subscribe(() => order.push(10));
    await base.loop({ nonblock: true });
    expect(order.slice(0, 2).sort()).toEqual([0, 10]);
    expect(order.slice(2)).toEqual([1, 2]);
    await base.close();
    fifo.close();
  });

  it('is left when what is active has been handled (event_base_loopexit, event_base_got_exit)', async () => {
    const base = newBase({ dispatch: false });
    const ends = endsOf(base);
    const log: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      base.timer(0).subscribe(() => {
        log.push('fired');
        if (log.length === 1) base.loopExit();
      });
    }
    expect(await base.loop()).toBe('exit');
    expect(log).toEqual(['fired', 'fired', 'fired']);
    expect(ends).toEqual(['exit']);
    base.timer(0).subscribe(() => log.push('late'));
    await pause(2);
    expect(log).toHaveLength(3);
  });

  it('is left later (event_base_loopexit with a time)', async () => {
    const base = newBase();
    const begun = performance.now();
    base.loopExit(3.5);
    expect(await firstValueFrom(base.dispatched)).toBe('exit');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(3.5);
    expect(() => {
      base.loopExit(-1);
    }).toThrow(RangeError);
  });

  it('is left at once (event_base_loopbreak, event_base_got_break)', async () => {
    const base = newBase({ dispatch: false });
    const ends = endsOf(base);
    const log: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      base.timer(0).subscribe(() => {
        log.push('fired');
        if (log.length > 1) return;
        base.loopBreak();
        expect(ends).toEqual([]);
      });
    }
    expect(await base.loop()).toBe('break');
    await pause(2);
    expect(log).toEqual(['fired']);
    expect(ends).toEqual(['break']);
    // What was active waits for the next loop.
    const end = base.loop();
    while (log.length < 3) await turn();
    base.loopExit();
    expect(await end).toBe('exit');
    expect(ends).toEqual(['break', 'exit']);
    base.loopBreak();
    await turn();
    expect(ends).toEqual(['break', 'exit']);
  });

  it.each([1, 3])('stops and dispatches again, with %i threads', async (threads) => {
    const base = newBase({ threads });
    for (let count = 0; count < 20; count += 1) {
      const end = firstValueFrom(base.dispatched);
      if (count % 2 === 0) base.loopExit();
      else base.loopBreak();
      expect(await end).toBe(count % 2 === 0 ? 'exit' : 'break');
      void base.loop();
      expect(await firstValueFrom(base.timer(0))).toBe(0);
    }
  });

  it('is not confused by the end of an earlier run', async () => {
    const base = newBase({ threads: 2 });
    for (let count = 0; count < 50; count += 1) {
      base.loopExit();
      if (count % 3 === 0) await turn();
      base.loopBreak();
      await firstValueFrom(base.dispatched);
      void base.loop();
      expect(await firstValueFrom(base.timer(0))).toBe(0);
    }
  });

  it('returns when it is empty, if asked to (EVLOOP_NO_EXIT_ON_EMPTY)', async () => {
    const base = newBase({ exitOnEmpty: true, threads: 2 });
    const ends = endsOf(base);
    expect(await firstValueFrom(base.dispatched)).toBe('empty');
    const fired = firstValueFrom(base.timer(2));
    const end = base.loop();
    expect(await fired).toBe(0);
    expect(await end).toBe('empty');
    expect(ends).toEqual(['empty', 'empty']);
  });

  it('says closed at the end, also to late subscribers', async () => {
    const base = newBase();
    const all = firstValueFrom(base.dispatched.pipe(toArray()));
    base.loopBreak();
    const late = firstValueFrom(base.dispatched.pipe(take(1)));
    await base.close();
    expect(await all).toEqual(['break', 'closed']);
    expect(await late).toBe('break');
    expect(await firstValueFrom(base.dispatched.pipe(toArray()))).toEqual(['closed']);
    expect(() => base.loop()).toThrow('ERR_BASE_CLOSED');
  });

  it('ends a loop that waits when the base is closed', async () => {
    const base = newBase({ dispatch: false });
    const end = base.loop();
    await base.close();
    expect(await end).toBe('closed');
  });

  it('refuses options of wrong type', () => {
    const base = newBase({ dispatch: false });
    expect(() => base.loop({ once: 1 } as never)).toThrow('once must be true or false');
    expect(() => base.loop(null as never)).toThrow('config must be an object');
    expect(() => new EventBase({ exitOnEmpty: 1 } as never)).toThrow(TypeError);
  });

  it('accepts a limit between two looks at the kernel (event_config_set_max_dispatch_interval)', async () => {
    const base = newBase({ maxDispatchIntervalUs: 500, maxDispatchCallbacks: 2, priorities: 2 });
    const fired = Array.from({ length: 50 }, () => firstValueFrom(base.timer(1)));
    expect(await Promise.all(fired)).toHaveLength(50);
  });
});

describe('EventBase.ref', () => {
  it('decides whether work keeps the process alive', async () => {
    const { code, lines, errors } = await runScript(`
      const base = new EventBase();
      base.timer(60_000).subscribe();
      if (base.unref() !== base) throw new Error('unref');
      setTimeout(() => {
        base.ref();
        base.timer(1).subscribe(() => { console.log('alive'); base.unref(); });
      }, 1);
    `);
    expect([code, errors, lines]).toEqual([0, '', ['alive']]);
  });

  it('leaves an idle base out of it', async () => {
    const { code, errors } = await runScript(
      'new EventBase({ dispatch: false }); EventBase.default;',
    );
    expect([code, errors]).toEqual([0, '']);
  });

  it('keeps it alive for a step', async () => {
    const { lines } = await runScript(`
      new EventBase({ dispatch: false }).loop({ nonblock: true }).then(console.log);
    `);
    expect(lines).toEqual(['stepped']);
  });
});

describe('event_reinit, evthread_use_pthreads: a base in each process and thread', () => {
  const program = `
    const { firstValueFrom } = require('rxjs');
    const base = new EventBase();
    firstValueFrom(base.timer(1)).then(async (value) => { await base.close(); done(value); });`;

  it('runs in the parent and in a forked child (event_reinit is not needed)', async () => {
    const { lines, errors, code } = await runScript(`
      const { fork } = require('node:child_process');
      const { writeFileSync, mkdtempSync, rmSync } = require('node:fs');
      const folder = mkdtempSync(require('node:path').join(require('node:os').tmpdir(), 'rxjs-libevent-'));
      const file = folder + '/child.js';
      writeFileSync(file, \`const { EventBase } = require('\${require.resolve('./dist/index.js')}');
        const base = new EventBase();
        base.timer(1).subscribe((value) => { process.send(value); process.disconnect(); });\`);
      const base = new EventBase();
      base.timer(1).subscribe(() => {
        const child = fork(file);
        child.on('message', (value) => console.log('child', value));
        child.on('exit', (code) => {
          rmSync(folder, { recursive: true });
          base.timer(1).subscribe((value) => console.log('parent', value, code));
        });
      });
    `);
    expect([code, errors, lines]).toEqual([0, '', ['child 0', 'parent 0 0']]);
  });

  it('runs in each of several workers', async () => {
    const { lines, errors, code } = await runScript(`
      const { Worker } = require('node:worker_threads');
      for (let count = 0; count < 3; count += 1) {
        const worker = new Worker(${JSON.stringify(`
          const { parentPort, workerData } = require('node:worker_threads');
          const { EventBase } = require(workerData);
          const done = (value) => parentPort.postMessage(value);
          ${program}`)}, { eval: true, workerData: require.resolve('./dist/index.js') });
        worker.on('message', (value) => console.log(value));
      }
    `);
    expect([code, errors, lines]).toEqual([0, '', ['0', '0', '0']]);
  });
});
