import { fstatSync } from 'node:fs';
import {
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  type Observable,
  take,
  tap,
  toArray,
} from 'rxjs';
import {
  type ConnectConfig,
  type Connection,
  type ConnectionEvent,
  type LibeventError,
  type TimeoutsConfig,
  sendTo,
} from 'rxjs-libevent';
import { allOf, bytesFrom } from './support/emitted';
import { joined, type Joined } from './support/joined';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';
import { pattern } from '../support/pattern.cjs';
import { until } from '../support/until';
import { runChild } from '../lifecycle/support/Child';

const base = newBase({ priorities: 3 });
const open = openInEach();

afterAll(() => base.close());

async function ends(options?: Parameters<typeof joined>[1]): Promise<Joined> {
  const both = await joined(base, options);
  open.add(both.subscription);
  return both;
}

/** All events of a connection, until it is gone. */
function eventsOf(connection: Connection): Promise<string[]> {
  return lastValueFrom(
    connection.events.pipe(
      map((event) => ('direction' in event ? `${event.type} ${event.direction}` : event.type)),
      toArray(),
    ),
  );
}

const next = (connection: Connection, type: ConnectionEvent['type']): Promise<ConnectionEvent> =>
  new Promise((resolve) => {
    open.add(
      connection.events.subscribe((event) => {
        if (event.type === type) resolve(event);
      }),
    );
  });

describe('bufferevent_socket_new, bufferevent_socket_connect: base.listen, base.connect', () => {
  it('BEV_EVENT_CONNECTED: emits a connection that is open', async () => {
    const { client, server, address } = await ends();
    expect(client.closed).toBe(false);
    expect(client.remoteAddress).toEqual(address);
    expect(server.remoteAddress).toEqual(client.localAddress);
  });

  it('bufferevent_socket_connect_hostname: resolves a name by Node, and connects', async () => {
    const { server, client } = await ends({ client: { host: 'localhost', family: 4 } });
    const received = firstValueFrom(server);
    client.next('by name');
    expect((await received).toString()).toBe('by name');
  });

  it('bufferevent_socket_get_dns_error: ends with the error of the resolver', async () => {
    const lookup: ConnectConfig['lookup'] = (_host, _options, answer) => {
      answer(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []);
    };
    await expect(
      lastValueFrom(base.connect({ host: 'nobody.test', port: 1, lookup })),
    ).rejects.toMatchObject({ name: 'LibeventError', code: 'ENOTFOUND', syscall: 'getaddrinfo' });
  });

  it.each([
    ['an event later', { host: '127.0.0.1', port: 1 }, 'ECONNREFUSED'],
    ['at once, without a callback', { path: '\0nobody-listens-here' }, 'ECONNREFUSED'],
  ])('ends in one error, whichever way it fails: %s', async (_way, where, code) => {
    const errors: LibeventError[] = [];
    let inside = true;
    await new Promise<void>((resolve) => {
      base.connect(where).subscribe({
        error: (error: LibeventError) => {
          expect(inside).toBe(false);
          errors.push(error);
          resolve();
        },
      });
      inside = false;
    });
    expect(errors.map((error) => [error.code, error.syscall])).toEqual([[code, 'connect']]);
  });
});

describe('bufferevent_setcb: callbacks and BEV_EVENT_*', () => {
  it('BEV_EVENT_EOF: reports it as an event and as completion, after the last byte', async () => {
    const { client, server } = await ends();
    const events = eventsOf(server);
    const received = allOf(server);
    client.next('last');
    client.complete();
    expect((await received).toString()).toBe('last');
    server.complete();
    expect(await events).toEqual(['eof', 'finished', 'closed']);
  });

  it('BEV_EVENT_ERROR: reports a reset as an event and as an error, once', async () => {
    const { client, server } = await ends();
    const events = eventsOf(server);
    const failed = lastValueFrom(server).catch((error: unknown) => error);
    client.reset();
    expect(await failed).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    expect((await events).filter((event) => event.startsWith('error'))).toEqual(['error read']);
    expect(server.failure).toMatchObject({ code: 'ECONNRESET' });
  });

  it('BEV_EVENT_ERROR | BEV_EVENT_WRITING: reports what cannot be written', async () => {
    const { client, server } = await ends();
    const failed = next(server, 'error');
    client.destroy();
    await lastValueFrom(server, { defaultValue: undefined });
    // The first write brings the reset, a later one finds it.
    const write = (): void => {
      if (!server.writable) return;
      server.next('x');
      setImmediate(write);
    };
    write();
    expect(await failed).toMatchObject({
      direction: 'write',
      error: { code: expect.stringMatching(/EPIPE|ECONNRESET/) as string },
    });
  });

  it('the write callback: drained comes when the output has fallen to its low mark', async () => {
    const { client, server } = await ends({ client: { write: { low: 1000, high: 100_000 } } });
    const drained = firstValueFrom(client.drained);
    client.next(pattern(8_000_000));
    expect(client.saturated).toBe(true);
    open.add(server.subscribe());
    await drained;
    expect(client.saturated).toBe(false);
    expect(client.outputBytes).toBeLessThanOrEqual(1000);
  });
});

describe('bufferevent_write: next, sendTo and subscribing the connection', () => {
  it.each<[string, (source: Observable<string>, connection: Connection) => unknown]>([
    ['next', (source, connection) => source.forEach((text) => connection.next(text))],
    ['sendTo', (source, connection) => source.pipe(sendTo(connection)).subscribe()],
    ['source.subscribe(connection)', (source, connection) => source.subscribe(connection)],
  ])('%s writes all of a source, in order', async (_name, write) => {
    const { client, server } = await ends();
    const received = bytesFrom(server, 6);
    write(from(['ab', 'cd', 'ef']), client);
    expect((await received).toString()).toBe('abcdef');
  });
});

describe('bufferevent_flush, bufferevent_free: complete, close, destroy and reset', () => {
  /** More than the system takes while nobody reads. */
  const much = pattern(15_000_000);

  it('bufferevent_flush(BEV_FINISHED): FIN goes behind the last byte, reading goes on', async () => {
    const { client, server } = await ends();
    client.next(much);
    client.complete();
    expect((await allOf(server)).equals(much)).toBe(true);
    server.next('answer');
    expect((await bytesFrom(client, 6)).toString()).toBe('answer');
  });

  it('bufferevent_free: close lets everything leave before it', async () => {
    const { client, server } = await ends();
    client.next(much);
    client.close(60_000);
    expect((await allOf(server)).equals(much)).toBe(true);
    server.complete();
    await lastValueFrom(client.whenClosed);
  });

  it('T2: bufferevent_free: destroy drops what waits, and ends with RST', async () => {
    const { client, server } = await ends();
    client.next(much);
    await until(() => base.stats.sentBytes > 0 && client.outputBytes < much.length);
    client.destroy();
    const received: Buffer[] = [];
    const ended = lastValueFrom(server.pipe(tap((chunk) => received.push(chunk))));
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
    const bytes = Buffer.concat(received);
    expect(bytes.length).toBeLessThan(much.length);
    expect(bytes.equals(much.subarray(0, bytes.length))).toBe(true);
  });

  it('T2: bufferevent_free: destroy ends with FIN when all has been sent', async () => {
    const { client, server } = await ends();
    client.next('all of it');
    await until(() => client.outputBytes === 0);
    client.destroy();
    expect((await allOf(server)).toString()).toBe('all of it');
  });

  it('bufferevent_free: reset drops what waits, and ends with RST', async () => {
    const { client, server } = await ends();
    client.next(much);
    client.reset();
    await expect(lastValueFrom(server)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('bufferevent_filter_new: an operator in either direction', () => {
  it('filters input and output, and passes the end and the demand through', async () => {
    const { client, server } = await ends();
    const turned = map((bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff)));
    server.pipe(turned, tap({ complete: () => server.complete() }), sendTo(server)).subscribe();
    // More than the system takes while nobody reads.
    const content = pattern(15_000_000);
    client.next(content);
    client.complete();
    // While the answers are not read, the filter holds what it filters.
    await until(() => server.held);
    expect(server.heldBy).toEqual([server]);
    expect((await allOf(client.pipe(turned))).equals(content)).toBe(true);
  });
});

describe('bufferevent_setwatermark: read, write and setWatermarks', () => {
  it('high mark of the input: no more than it is read ahead while nobody takes it', async () => {
    const { client, server } = await ends({ server: { read: { high: 5000 } } });
    let release: (() => void) | undefined;
    const received = allOf(server.pipe(tap(() => (release ??= server.hold()))));
    client.next(pattern(300_000));
    await until(() => release !== undefined);
    // A way and back on another connection of this reactor: it has had its turn.
    const other = await ends();
    open.add(other.server.subscribe(other.server));
    const echo = bytesFrom(other.client, 1);
    other.client.next('x');
    await echo;
    expect(server.inputBytes).toBeLessThanOrEqual(5000);
    release!();
    client.complete();
    expect((await received).equals(pattern(300_000))).toBe(true);
  });

  it('changes them while bytes are under way, and loses none', async () => {
    const { client, server } = await ends();
    const content = pattern(2_000_000);
    const received = allOf(server);
    const sizes = [1, 100, 70_000, 3, 1_000_000, 65_536];
    for (let offset = 0, turn = 0; offset < content.length; offset += 100_000, turn += 1) {
      client.next(content.subarray(offset, offset + 100_000));
      server.setWatermarks({ read: { high: sizes[turn % sizes.length]! } });
      await new Promise(setImmediate);
    }
    server.setWatermarks({ read: { high: 65_536 } });
    client.complete();
    expect((await received).equals(content)).toBe(true);
  });

  it('keeps a side that is not named, and takes half of high for an absent low', async () => {
    const { client } = await ends();
    client.setWatermarks({ write: { high: 1001 } });
    expect(client.marks).toEqual({
      read: { low: 32_768, high: 65_536 },
      write: { low: 500, high: 1001 },
    });
  });

  it('saturates at once when the high mark falls below the output, and drains when it rises', async () => {
    const { client, server } = await ends({
      client: { write: { high: 2 ** 25 }, maxOutputBytes: 2 ** 26 },
    });
    client.next(pattern(16_000_000));
    await until(() => base.stats.sentBytes > 0);
    expect(client.saturated).toBe(false);
    const events: string[] = [];
    open.add(client.events.subscribe(({ type }) => events.push(type)));
    client.setWatermarks({ write: { high: 1000 } });
    expect(client.saturated).toBe(true);
    client.setWatermarks({ write: { low: 2 ** 25, high: 2 ** 25 } });
    expect(client.saturated).toBe(false);
    expect(events).toEqual(['saturated', 'drained']);
    open.add(server.subscribe());
  });
});

describe('bufferevent_set_timeouts: readTimeoutMs, writeTimeoutMs and setTimeouts', () => {
  /** Waits until others have run out of the same time, so that a timeout would have come. */
  async function runsOut(timeouts: TimeoutsConfig): Promise<void> {
    const { client } = await ends({ client: timeouts });
    const ended = lastValueFrom(client).catch((error: unknown) => (error as LibeventError).code);
    client.next(pattern(15_000_000)); // which nobody reads
    expect(await ended).toBe('ETIMEDOUT');
  }

  it('BEV_EVENT_TIMEOUT | BEV_EVENT_READING: ends the connection with ETIMEDOUT', async () => {
    const { server } = await ends({ server: { readTimeoutMs: 20 } });
    const failed = lastValueFrom(server).catch((error: unknown) => error);
    expect(await failed).toMatchObject({
      code: 'ETIMEDOUT',
      syscall: 'read',
      message: 'read ETIMEDOUT: no progress for 20 ms',
    });
  });

  it('a read timeout is only an event where that is chosen, and comes again', async () => {
    const { client, server } = await ends({
      server: { readTimeoutMs: 10, whenTimeout: 'event' },
    });
    const received = bytesFrom(server, 5);
    const twice = lastValueFrom(server.events.pipe(take(2), toArray()));
    expect(await twice).toEqual([
      { type: 'timeout', direction: 'read' },
      { type: 'timeout', direction: 'read' },
    ]);
    client.next('still');
    expect((await received).toString()).toBe('still');
  });

  it('a read timeout does not run while nobody wants to read', async () => {
    const { server } = await ends({ server: { readTimeoutMs: 5 } });
    const release = server.hold();
    let ended = false;
    open.add(
      server.subscribe({
        error: () => {
          ended = true;
        },
      }),
    );
    await runsOut({ readTimeoutMs: 5 });
    expect(ended).toBe(false);
    release();
    await until(() => ended);
  });

  it('BEV_EVENT_TIMEOUT | BEV_EVENT_WRITING: ends a connection whose peer does not read', async () => {
    const { client, server } = await ends({ client: { writeTimeoutMs: 30 } });
    server.hold();
    const failed = lastValueFrom(client).catch((error: unknown) => error);
    client.next(pattern(15_000_000));
    expect(await failed).toMatchObject({ code: 'ETIMEDOUT', syscall: 'write' });
  });

  it('a write timeout does not run while nothing waits to be written', async () => {
    const { client } = await ends({ client: { writeTimeoutMs: 5 } });
    let reported = 0;
    open.add(client.events.subscribe(() => (reported += 1)));
    await runsOut({ writeTimeoutMs: 5 });
    expect(reported).toBe(0);
  });

  it('are changed while the connection is open', async () => {
    const { server } = await ends();
    const failed = lastValueFrom(server).catch((error: unknown) => error);
    server.setTimeouts({ readTimeoutMs: 15 });
    expect(await failed).toMatchObject({ message: 'read ETIMEDOUT: no progress for 15 ms' });
  });

  it('are lifted by 0', async () => {
    const { client, server } = await ends({ server: { readTimeoutMs: 30 } });
    let ended = false;
    const received = bytesFrom(server, 1).catch(() => {
      ended = true;
    });
    server.setTimeouts({ readTimeoutMs: 0 });
    await runsOut({ readTimeoutMs: 30 });
    expect(ended).toBe(false);
    client.next('x');
    await received;
  });
});

describe('bufferevent_enable, bufferevent_disable: subscribing and holding', () => {
  it('reads nothing while nobody has subscribed, and everything from then on', async () => {
    const { client, server } = await ends();
    client.next(pattern(10_000));
    await until(() => client.outputBytes === 0);
    client.complete();
    expect((await allOf(server)).equals(pattern(10_000))).toBe(true);
  });

  it('sees the peer go while reading is off', async () => {
    const { client, server } = await ends();
    const reported = new Promise((resolve) => {
      open.add(server.events.subscribe(({ type }) => resolve(type)));
    });
    const release = server.hold();
    open.add(server.subscribe({ error: () => undefined }));
    client.reset();
    expect(['hangup', 'error']).toContain(await reported);
    release();
  });
});

describe('bufferevent_priority_set: priority and socket.setPriority', () => {
  it('carries bytes at every level, and while it changes', async () => {
    const { client, server } = await ends({ server: { priority: 2 } });
    const received = allOf(server);
    for (let level = 0; level < 3; level += 1) {
      server.socket.setPriority(level);
      client.socket.setPriority(2 - level);
      client.next(`${level}`);
      await new Promise(setImmediate);
    }
    client.complete();
    expect((await received).toString()).toBe('012');
  });
});

describe('bufferevent_trigger: socket.trigger', () => {
  it('looks at a direction as if its event had come', async () => {
    const { client, server } = await ends();
    const received = bytesFrom(server, 2);
    server.socket.trigger('read');
    server.socket.trigger('write');
    client.next('o');
    server.socket.trigger('read');
    client.next('k');
    expect((await received).toString()).toBe('ok');
  });

  it('leaves nothing behind where the input has ended, when the connection goes', async () => {
    const child = await runChild(`
      const { EventBase } = require('rxjs-libevent');
      const { firstValueFrom } = require('rxjs');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1', port: 0 });
      const ended = async (server) => {
        // What becomes active from here on is looked at after the connection has gone.
        base.loopBreak();
        await firstValueFrom(base.dispatched);
        server.socket.trigger('read');
        server.destroy();
        console.log(await base.loop({ nonblock: true }));
        await base.close();
      };
      listener.subscribe((server) => server.subscribe({ complete: () => ended(server) }));
      listener.bound.subscribe(({ port }) => {
        base.connect({ host: '127.0.0.1', port }).subscribe((client) => client.complete());
      });`);
    expect(child).toMatchObject({ code: 0, signal: null, stdout: 'stepped\n', stderr: '' });
  });
});

describe('bufferevent_getfd: socket.fd', () => {
  it('is the descriptor of either end while it is open, and -1 from its closing on', async () => {
    const { client, server } = await ends();
    for (const { socket } of [client, server]) {
      expect(fstatSync(socket.fd).isSocket()).toBe(true);
    }
    expect(client.socket.fd).not.toBe(server.socket.fd);
    const { socket } = client;
    client.close();
    expect(socket.fd).toBe(-1);
    server.destroy();
    expect(server.socket.fd).toBe(-1);
  });
});
