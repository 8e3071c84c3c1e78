import { openSync, closeSync, readSync, writeSync, constants } from 'node:fs';
import { Socket, createServer, type AddressInfo } from 'node:net';
import { Subject, firstValueFrom, take, toArray } from 'rxjs';
import { EventBase } from '../../lib/base/EventBase';
import type { FdConfig } from '../../lib/events/FdConfig';
import { hold } from '../../lib/flow/hold';
import { Fifo } from './support/Fifo';
import { runScript } from './support/runScript';

describe('event_new, event_add, event_del, event_active, event_pending: base.fd', () => {
  let base: EventBase;
  let fifo: Fifo;
  let log: string[];
  beforeEach(() => {
    base = new EventBase({ priorities: 2 });
    fifo = new Fifo();
    log = [];
  });
  afterEach(async () => {
    await base.close();
    fifo.close();
  });

  const settled = () => firstValueFrom(base.timer(0));
  const read = (bytes = 1) => {
    const buffer = Buffer.alloc(bytes);
    return buffer.toString('latin1', 0, readSync(fifo.readEnd, buffer));
  };
  /** Fills the pipe: then there is no room to write. */
  const fill = () => {
    try {
      for (;;) writeSync(fifo.writeEnd, Buffer.alloc(65536));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
  };
  const failure = (fd: number, config: FdConfig = {}) =>
    firstValueFrom(base.fd(fd, config)).catch((error: unknown) => error);

  it('emits read while there is something to read (EV_READ)', async () => {
    const text = new Promise<string>((resolve) => {
      let all = '';
      base.fd(fifo.readEnd).subscribe((event) => {
        log.push(event);
        all += read();
        if (all.length === 5) resolve(all);
      });
    });
    await settled();
    expect(log).toEqual([]);
    fifo.write('hello');
    expect(await text).toBe('hello');
    await settled();
    expect(log).toEqual(['read', 'read', 'read', 'read', 'read']);
  });

  it('emits again only when the last event has been handled', async () => {
    fifo.write('x');
    const posted = base.stats.posted;
    base.fd(fifo.readEnd).subscribe(() => {
      log.push('read');
      const until = performance.now() + 20;
      while (performance.now() < until);
      read();
    });
    while (log.length === 0) await settled();
    await settled();
    expect(log).toEqual(['read']);
    expect(base.stats.posted - posted).toBeLessThan(20);
  });

  it('emits write while there is room (EV_WRITE)', async () => {
    expect(
      await firstValueFrom(base.fd(fifo.writeEnd, { events: ['write'] }).pipe(take(2), toArray())),
    ).toEqual(['write', 'write']);
    fill();
    const writable = firstValueFrom(base.fd(fifo.writeEnd, { events: ['write'] }));
    await settled();
    read(65536);
    expect(await writable).toBe('write');
  });

  it('emits timeout, again and again, when nothing happens (EV_TIMEOUT)', async () => {
    const events = base.fd(fifo.readEnd, { timeoutMs: 1.5 }).pipe(take(3), toArray());
    const begun = performance.now();
    expect(await firstValueFrom(events)).toEqual(['timeout', 'timeout', 'timeout']);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(4.5);
  });

  it('emits closed once when the peer has gone, and completes (EV_CLOSED)', async () => {
    const events = firstValueFrom(base.fd(fifo.readEnd, { events: ['closed'] }).pipe(toArray()));
    await settled();
    fifo.write('unread');
    fifo.closeWriteEnd();
    expect(await events).toEqual(['closed']);
  });

  it.each(['end', 'resetAndDestroy'] as const)('sees a socket closed by %s', async (ending) => {
    // Node must not read: it would close the descriptor at the end.
    const server = createServer({ pauseOnConnect: true });
    const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new Socket().connect((server.address() as AddressInfo).port, '127.0.0.1');
    const socket = await accepted;
    socket.on('error', () => undefined);
    const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
    const events = firstValueFrom(base.fd(fd, { events: ['closed'] }).pipe(toArray()));
    await settled();
    const { passes } = base.stats;
    client[ending]();
    expect(await events).toEqual(['closed']);
    await settled();
    expect(base.stats.passes - passes).toBeLessThan(50);
    socket.destroy();
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  it('emits edges, once for each arrival (EV_ET, EV_PERSIST)', async () => {
    const edge = { mode: 'edge' } as const;
    if (!base.features.includes('et')) {
      expect(await failure(fifo.readEnd, edge)).toMatchObject({ code: 'ENOTSUP' });
      return;
    }
    base.fd(fifo.readEnd, edge).subscribe((event) => log.push(event));
    await settled();
    fifo.write('a');
    while (log.length < 1) await settled();
    for (let turn = 0; turn < 10; turn += 1) await settled();
    expect(log).toEqual(['read']);
    fifo.write('b');
    while (log.length < 2) await settled();
    expect(log).toEqual(['read', 'read']);
  });

  it('is silent while it is held, and watched no more (event_del)', async () => {
    const event = base.fd(fifo.readEnd);
    event.subscribe(() => log.push(read()));
    await settled();
    expect(event.pending).toBe(true);
    const release = event.hold();
    expect(event.pending).toBe(false);
    await settled();
    const { passes } = base.stats;
    fifo.write('ab');
    await settled();
    await settled();
    expect(log).toEqual([]);
    expect(base.stats.passes - passes).toBeLessThan(30);
    release();
    while (log.length < 2) await settled();
    expect(log).toEqual(['a', 'b']);
    expect(event.pending).toBe(true);
  });

  it('can be held from within next, as a current source', async () => {
    fifo.write('abc');
    const go = new Subject<void>();
    base.fd(fifo.readEnd).subscribe(() => {
      log.push(read());
      const release = hold();
      go.pipe(take(1)).subscribe(release);
    });
    while (log.length < 1) await settled();
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(log).toEqual(['a']);
    go.next();
    while (log.length < 2) await settled();
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(log).toEqual(['a', 'b']);
  });

  it('keeps what has crossed the ring while it is held', async () => {
    const event = base.fd(fifo.readEnd);
    event.subscribe((name) => log.push(name));
    await settled();
    const release = event.hold();
    event.activate('write');
    await settled();
    expect(log).toEqual([]);
    release();
    while (log.length < 1) await settled();
    expect(log).toEqual(['write']);
  });

  it('emits what is triggered by hand, later (event_active)', async () => {
    const event = base.fd(-1);
    event.subscribe((name) => log.push(name));
    event.activate('read');
    event.activate('closed');
    expect(log).toEqual([]);
    while (log.length < 2) await settled();
    expect(log).toEqual(['read', 'closed']);
    expect(() => {
      event.activate('nothing' as 'read');
    }).toThrow(TypeError);
  });

  it('reports once, and is watched no more, with take(1) (event_base_once)', async () => {
    const reported = async (): Promise<number> => {
      const { posted } = base.stats;
      for (let turn = 0; turn < 10; turn += 1) await settled();
      return base.stats.posted - posted;
    };
    const unwatched = await reported();
    const event = base.fd(fifo.readEnd);
    fifo.write('ab');
    expect(await firstValueFrom(event.pipe(take(1), toArray()))).toEqual(['read']);
    expect(event.pending).toBe(false);
    // There is still something to read. The report that a timer or the event has gone may be late.
    expect(await reported()).toBeLessThanOrEqual(unwatched + 2);
    expect(read(2)).toBe('ab');
  });

  it('reports whether it waits (event_pending)', async () => {
    const event = base.fd(fifo.readEnd);
    expect(event.pending).toBe(false);
    const subscription = event.subscribe(() => {
      log.push(String(event.pending));
      read();
    });
    expect(event.pending).toBe(true);
    fifo.write('x');
    while (log.length < 1) await settled();
    expect(log).toEqual(['false']);
    subscription.unsubscribe();
    expect(event.pending).toBe(false);
  });

  it('reports every subscription of a descriptor', async () => {
    const one = firstValueFrom(base.fd(fifo.readEnd));
    const other = firstValueFrom(base.fd(fifo.readEnd, { events: ['read', 'closed'] }));
    await settled();
    fifo.write('x');
    expect(await Promise.all([one, other])).toEqual(['read', 'read']);
  });

  it('stops within next, and leaves the descriptor open', async () => {
    fifo.write('abc');
    const subscription = base.fd(fifo.readEnd).subscribe(() => {
      log.push(read());
      subscription.unsubscribe();
    });
    while (log.length < 1) await settled();
    await settled();
    expect(log).toEqual(['a']);
    expect(read(2)).toBe('bc');
  });

  it('completes when the base is closed', async () => {
    const other = new EventBase();
    const events = firstValueFrom(other.fd(fifo.readEnd).pipe(toArray()));
    await other.close();
    expect(await events).toEqual([]);
    await expect(firstValueFrom(other.fd(fifo.readEnd))).rejects.toMatchObject({
      code: 'ERR_BASE_CLOSED',
    });
  });

  it('errors once where there is no descriptor', async () => {
    const fd = openSync('/dev/null', constants.O_RDONLY);
    closeSync(fd);
    const errors: unknown[] = [];
    base.fd(fd).subscribe({ error: (error) => errors.push(error) });
    while (errors.length === 0) await settled();
    await settled();
    expect(errors).toMatchObject([{ name: 'LibeventError', code: 'EBADF', syscall: 'fcntl' }]);
    expect(errors).toHaveLength(1);
  });

  it.each(['epoll', 'poll', 'select'])(
    'goes on when the owner has closed its descriptor, within next as well, by %s',
    async (method) => {
      const other = new Fifo();
      // In a process where nobody else opens anything under the number.
      const { lines, errors, code } = await runScript(
        `
        const { closeSync, openSync, readSync, writeSync, constants } = require('node:fs');
        const { firstValueFrom } = rxjs;
        const [, method, idle, busy] = process.argv;
        const open = (path) => openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
        const avoidMethods = EventBase.supportedMethods.filter((name) => name !== method);
        const base = new EventBase({ avoidMethods });
        const turns = async (count) => {
          for (; count > 0; count -= 1) await firstValueFrom(base.timer(0));
        };
        const watch = (fd, config, next) =>
          base.fd(fd, config).subscribe({ next, error: ({ code }) => console.log(code) });
        (async () => {
          const [closed, pipe] = [open(idle), open(idle)];
          const quiet = watch(closed, { events: ['read', 'closed'] }, (event) => {
            console.log('closed before', event, readSync(pipe, Buffer.alloc(9)));
          });
          await turns(1);
          closeSync(closed);
          const [used, same] = [open(busy), open(busy)];
          const inside = watch(used, {}, (event) => {
            console.log('closed within next', event, readSync(same, Buffer.alloc(1)));
            if (inside.times++ === 0) closeSync(used);
          });
          inside.times = 0;
          writeSync(same, 'xyz');
          while (inside.times < 3) await turns(1);
          const { passes } = base.stats;
          await turns(10);
          console.log(base.stats.passes - passes < 100, quiet.closed, inside.closed);
          writeSync(pipe, 'late');
          await turns(10);
          quiet.unsubscribe();
          inside.unsubscribe();
          await base.close();
        })();`,
        [method, fifo.path, other.path],
      );
      other.close();
      expect([code, errors]).toEqual([0, '']);
      expect(lines).toEqual([
        'closed within next read 1',
        'closed within next read 1',
        'closed within next read 1',
        'true false false',
        'closed before read 4',
      ]);
    },
  );

  it('errors for a regular file, where the method cannot watch one (EV_FEATURE_FDS)', async () => {
    const fd = openSync(__filename, constants.O_RDONLY);
    const result = await failure(fd);
    if (base.features.includes('fds')) expect(result).toBe('read');
    else expect(result).toMatchObject({ code: 'EPERM', syscall: 'event_add' });
    closeSync(fd);
  });

  it('has two modes on one descriptor, each with its own events (EV_ET)', async () => {
    if (!base.features.includes('et')) return;
    const edges: string[] = [];
    base.fd(fifo.readEnd, { mode: 'edge' }).subscribe((event) => edges.push(event));
    const level = base.fd(fifo.readEnd).subscribe(() => log.push(read()));
    await settled();
    fifo.write('abc');
    while (log.length < 3 || edges.length < 1) await settled();
    level.unsubscribe();
    fifo.write('d');
    while (edges.length < 2) await settled();
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect([log, edges]).toEqual([
      ['a', 'b', 'c'],
      ['read', 'read'],
    ]);
  });

  it('has two watches for closed on one descriptor, each with its own event (EV_CLOSED)', async () => {
    const watch = () => base.fd(fifo.readEnd, { events: ['closed'] });
    const both = [watch(), watch()].map((event) => firstValueFrom(event.pipe(toArray())));
    watch()
      .subscribe(() => log.push('unsubscribed'))
      .unsubscribe();
    await settled();
    fifo.closeWriteEnd();
    expect(await Promise.all(both)).toEqual([['closed'], ['closed']]);
    expect(log).toEqual([]);
  });

  it.each([
    [[-2], RangeError, 'fd must be a whole number of descriptors from -1 to 2147483647'],
    [['0'], TypeError, 'fd must be a number of descriptors'],
    [[0, { events: ['timeout'] }], TypeError, "events must be one of 'read', 'write', 'closed'"],
    [[0, { events: 'read' }], TypeError, 'events must be an array'],
    [[0, { timeoutMs: -1 }], RangeError, 'timeoutMs must be from 0 to 2147483647000 ms, got -1'],
    [[0, { mode: 'both' }], TypeError, "mode must be one of 'level', 'edge'"],
    [[0, { priority: 2 }], RangeError, 'priority must be a whole number of levels from 0 to 1'],
    [[-1, { events: ['read'] }], TypeError, 'events must be empty'],
  ])('refuses %j', (args, type, message) => {
    const [fd, config] = args as [number, FdConfig?];
    expect(() => base.fd(fd, config)).toThrow(type);
    expect(() => base.fd(fd, config)).toThrow(message);
  });
});

describe("'select' and descriptors from 1024", () => {
  it('is an error, where the C library would end the process (FD_SETSIZE)', async () => {
    const { lines, errors, code } = await runScript(`
      const { openSync } = require('node:fs');
      const { connect } = require('node:net');
      const { firstValueFrom } = rxjs;
      const only = { avoidMethods: EventBase.supportedMethods.filter((name) => name !== 'select') };
      const code = (promise) => promise.then(() => 'ok', (error) => error.code);
      (async () => {
        const base = new EventBase(only);
        const listener = base.listen({ host: '127.0.0.1', port: 0 });
        const paused = firstValueFrom(listener.errors);
        listener.subscribe(() => console.log('accepted'));
        const { port } = await firstValueFrom(listener.bound);
        let fd = 0;
        while (fd < 1030) fd = openSync('/dev/null');
        console.log(await code(firstValueFrom(base.fd(fd))));
        console.log(await code(firstValueFrom(base.connect({ host: '127.0.0.1', port }))));
        console.log(await code(firstValueFrom(base.listen({ host: '127.0.0.1', port: 0 }))));
        try { new EventBase(only); } catch (error) { console.log(error.code); }
        const client = connect(port, '127.0.0.1').on('error', () => {});
        console.log((await paused).code);
        client.destroy();
        await base.close();
      })();
    `);
    expect([code, errors]).toEqual([0, '']);
    expect(lines).toEqual(['EMFILE', 'EMFILE', 'EMFILE', 'EMFILE', 'EMFILE']);
  });
});
