import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, map, mergeMap, take, tap, toArray } from 'rxjs';
import {
  EventBase,
  lines,
  listen,
  sendTo,
  serve,
  type AddressInfo,
  type Connection,
  type ListenConfig,
} from 'rxjs-libevent';
import { Child } from '../lifecycle/support/Child';
import { nextTurn } from '../support/nextTurn';
import { record } from '../support/record';

describe('listen', () => {
  const base = new EventBase();
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'listen-'));
  });

  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await base.close();
  });

  /** Listens, with the address and what has been accepted. */
  async function listening(config: ListenConfig = {}, onNext?: (connection: Connection) => void) {
    const listener = base.listen({ host: '127.0.0.1', ...config });
    const accepted = record(listener, onNext);
    const address = await firstValueFrom(listener.bound);
    return { listener, accepted, address, stop: () => accepted.subscription.unsubscribe() };
  }

  function dial({ address, port, family }: AddressInfo) {
    const peer = connectSocket(family === 'unix' ? { path: address } : { host: address, port });
    peer.on('error', () => {});
    return peer;
  }

  it('is cold: binds on subscribe, and emits the address once it is bound', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = record(listener.bound);
    await nextTurn();
    expect(bound.values).toEqual([]);
    const { subscription } = record(listener);
    await bound.reach(1);
    expect(bound.values[0]).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
    expect(bound.values[0]?.port).toBeGreaterThan(0);
    expect(record(listener.bound).values).toEqual(bound.values);
    subscription.unsubscribe();
  });

  it('emits a connection for every peer, in any number, with both addresses', async () => {
    const { accepted, address, stop } = await listening();
    const peers = Array.from({ length: 100 }, () => dial(address));
    await accepted.reach(100);
    const ports = accepted.values.map(({ remoteAddress }) => remoteAddress.port).sort();
    expect(ports).toEqual(peers.map(({ localPort }) => localPort).sort());
    for (const { localAddress, remoteAddress } of accepted.values) {
      expect(localAddress).toEqual(address);
      expect(remoteAddress).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
    }
    for (const peer of peers) peer.destroy();
    stop();
  });

  it('closes the socket on unsubscribe, and leaves what it emitted open', async () => {
    const { accepted, address, stop } = await listening();
    const peer = dial(address);
    await accepted.reach(1);
    stop();
    // The thread has closed it when the next one is bound.
    (await listening()).stop();
    const refused = dial(address);
    const [error] = (await once(refused, 'error').catch((thrown: unknown) => [thrown])) as [
      unknown,
    ];
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    accepted.values[0]?.next('still here');
    expect(String((await once(peer, 'data'))[0])).toBe('still here');
    peer.destroy();
  });

  it('gives its port to the next listener in the same turn', async () => {
    const { address, stop } = await listening();
    stop();
    const again = await listening({ port: address.port });
    expect(again.address).toEqual(address);
    again.stop();
  });

  it('can be subscribed and unsubscribed before it is bound', async () => {
    const path = join(directory, 'never');
    for (const config of [{ port: 0 }, { path }, { host: 'localhost' }]) {
      const listener = base.listen(config);
      const { subscription } = record(listener);
      subscription.unsubscribe();
    }
    // The thread has seen all of it when the next one is bound.
    (await listening()).stop();
    await nextTurn();
    expect(existsSync(path)).toBe(false);
  });

  it('can be left within next, with more peers at the door', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const first = firstValueFrom(listener.pipe(take(1)));
    const address = await firstValueFrom(listener.bound);
    const peers = Array.from({ length: 20 }, () => dial(address));
    const connection = await first;
    const ends = peers.map((peer) => once(peer, 'close'));
    connection.destroy();
    await Promise.all(ends);
  });

  it('opens one socket for each subscriber', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = record(listener.bound);
    const subscriptions = [record(listener), record(listener)];
    await bound.reach(2);
    expect(bound.values[0]?.port).not.toBe(bound.values[1]?.port);
    for (const { subscription } of subscriptions) subscription.unsubscribe();
  });

  describe('bound (T6)', () => {
    it('completes when nobody listens any more, and is forgotten', async () => {
      const listener = base.listen({ host: '127.0.0.1' });
      const [first, second] = [record(listener), record(listener)];
      const bound = record(listener.bound);
      await bound.reach(2);
      first.subscription.unsubscribe();
      expect(bound.endings).toEqual([]);
      second.subscription.unsubscribe();
      expect(bound.endings).toEqual(['complete']);
      const later = record(listener.bound);
      await nextTurn();
      expect([later.values, later.endings]).toEqual([[], []]);
      const third = record(listener);
      await later.reach(1);
      expect(bound.values).toHaveLength(2);
      third.subscription.unsubscribe();
      expect(later.endings).toEqual(['complete']);
    });

    it('completes where it was never bound', async () => {
      const listener = base.listen({ host: '127.0.0.1' });
      const bound = record(listener.bound);
      record(listener).subscription.unsubscribe();
      expect([bound.values, await bound.ended]).toEqual([[], 'complete']);
    });

    it('fails with what the listener fails with, once', async () => {
      const { address, stop } = await listening();
      const listener = base.listen({ host: '127.0.0.1', port: address.port });
      const bound = record(listener.bound);
      const failed = record(listener);
      expect(await bound.ended).toBe(await failed.ended);
      expect(await bound.ended).toMatchObject({ code: 'EADDRINUSE' });
      await nextTurn();
      expect(bound.endings).toHaveLength(1);
      // A second try has the address of then.
      stop();
      const again = record(listener.bound);
      const { subscription } = record(listener);
      await again.reach(1);
      expect(again.values).toEqual([address]);
      subscription.unsubscribe();
    });

    it('completes with its base', async () => {
      const other = new EventBase();
      const listener = other.listen({ host: '127.0.0.1' });
      const bound = record(listener.bound);
      record(listener);
      await bound.reach(1);
      await other.close();
      expect(bound.endings).toEqual(['complete']);
    });
  });

  describe('signal', () => {
    it('ends listening with an AbortError, and leaves what was emitted open', async () => {
      const aborter = new AbortController();
      const { listener, accepted, address } = await listening({ signal: aborter.signal });
      const bound = record(listener.bound);
      const peer = dial(address);
      await accepted.reach(1);
      aborter.abort('why');
      const expected = { name: 'AbortError', code: 'ABORT_ERR', cause: 'why' };
      expect(await accepted.ended).toMatchObject(expected);
      expect(await bound.ended).toMatchObject(expected);
      // The port is free again.
      (await listening({ port: address.port })).stop();
      accepted.values[0]?.next('still here');
      expect(String((await once(peer, 'data'))[0])).toBe('still here');
      peer.destroy();
    });

    it('that is aborted already ends it in a later turn, and nothing is opened', async () => {
      const path = join(directory, 'aborted');
      const listener = base.listen({ path, signal: AbortSignal.abort() });
      const [failed, bound] = [record(listener), record(listener.bound)];
      expect(failed.endings).toEqual([]);
      expect(await failed.ended).toMatchObject({ name: 'AbortError' });
      expect(await bound.ended).toMatchObject({ name: 'AbortError' });
      (await listening()).stop();
      expect(existsSync(path)).toBe(false);
    });

    it('is let go when the subscriber has gone', async () => {
      const { signal } = new AbortController();
      const removed = jest.spyOn(signal, 'removeEventListener');
      (await listening({ signal })).stop();
      expect(removed).toHaveBeenCalledTimes(1);
    });
  });

  it('listens on IPv6, on all addresses, and on names', async () => {
    for (const [host, expected] of [
      ['::1', { family: 'IPv6', address: '::1' }],
      ['127.0.0.1', { family: 'IPv4', address: '127.0.0.1' }],
      ['localhost', { address: expect.stringMatching(/^(::1|127\.0\.0\.1)$/) as string }],
    ] as const) {
      const { address, stop } = await listening({ host });
      expect(address).toMatchObject(expected);
      stop();
    }
    const listener = base.listen({});
    const { subscription } = record(listener);
    expect((await firstValueFrom(listener.bound)).address).toMatch(/^(::|0\.0\.0\.0)$/);
    subscription.unsubscribe();
  });

  it('listens on a unix path, and removes the file when it closes', async () => {
    const path = join(directory, 'socket');
    const { accepted, address, stop } = await listening({ host: undefined, path } as never);
    expect(address).toEqual({ family: 'unix', address: path, port: 0 });
    const peer = dial(address);
    await accepted.reach(1);
    expect(accepted.values[0]?.localAddress.address).toBe(path);
    expect(accepted.values[0]?.remoteAddress).toMatchObject({ family: 'unix', address: '' });
    peer.destroy();
    stop();
    // The reactor has closed it when the next one is bound.
    (await listening()).stop();
    expect(existsSync(path)).toBe(false);
  });

  it('listens on an abstract name', async () => {
    const path = `\0rxjs-libevent-${process.pid.toString()}`;
    const listener = base.listen({ path });
    const accepted = record(listener);
    await firstValueFrom(listener.bound);
    const stdout = readFileSync('/proc/net/unix', 'utf8');
    expect(stdout).toContain(`@${path.slice(1)}`);
    accepted.subscription.unsubscribe();
  });

  describe('fd', () => {
    it('is that of the socket while it is bound, for a child process to inherit', async () => {
      const { listener, accepted, address, stop } = await listening();
      const release = listener.hold('the child accepts');
      const child = new Child(
        `const { listen, sendTo, serve } = require('rxjs-libevent');
         const shutdown = new Promise((resolve) => process.stdin.on('end', resolve).resume());
         const listener = listen({ fd: 3 });
         listener.bound.subscribe(({ port }) => console.log(port));
         listener.pipe(serve((conn) => conn.pipe(sendTo(conn)), { shutdown })).subscribe();`,
        { fd: listener.fd! },
      );
      expect(await child.line()).toBe(String(address.port));
      const peer = dial(address);
      peer.end('to the child');
      expect(String((await once(peer, 'data'))[0])).toBe('to the child');
      // The queue stays for the others that have the socket.
      child.endInput();
      expect(await child.ended()).toMatchObject({ code: 0, stderr: '' });
      const next = dial(address);
      await once(next, 'connect');
      release();
      await accepted.reach(1);
      next.destroy();
      stop();
      expect(listener.fd).toBeUndefined();
    });

    it('is undefined before it is bound, once it is asked to close, and without subscribers', async () => {
      const listener = base.listen({ host: '127.0.0.1' });
      expect(listener.fd).toBeUndefined();
      const first = record(listener);
      expect(listener.fd).toBeUndefined();
      const second = record(listener);
      await record(listener.bound).reach(2);
      const { fd } = listener;
      expect(fd).toBeGreaterThan(2);
      second.subscription.unsubscribe();
      expect(listener.fd).toBeGreaterThan(2);
      expect(listener.fd).not.toBe(fd);
      listener.close();
      expect(listener.fd).toBeUndefined();
      expect(await first.ended).toBe('complete');
    });
  });

  it('takes a socket that is bound already, and closes it in the end', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const { port } = server.address() as { port: number };
    const child = new Child(
      `const { listen, sendTo, serve } = require('rxjs-libevent');
       const shutdown = new Promise((resolve) => process.stdin.on('end', resolve).resume());
       listen({ fd: 3 }).pipe(serve((conn) => conn.pipe(sendTo(conn)), { shutdown })).subscribe({
         complete: () => console.log('done'),
       });`,
      { fd },
    );
    server.close();
    const peer = dial({ family: 'IPv4', address: '127.0.0.1', port });
    peer.end('through the inherited socket');
    expect(String((await once(peer, 'data'))[0])).toBe('through the inherited socket');
    child.endInput();
    expect(await child.ended()).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' });
  });

  describe('errors', () => {
    const long = `/tmp/${'x'.repeat(200)}`;

    async function failureOf(config: ListenConfig): Promise<unknown> {
      const failed = record(base.listen(config));
      expect(failed.endings).toEqual([]);
      await failed.ended;
      await nextTurn();
      expect(failed.endings).toHaveLength(1);
      return failed.endings[0];
    }

    it('EADDRINUSE, bind, with the address', async () => {
      const { address, stop } = await listening();
      const { port } = address;
      const error = await failureOf({ host: '127.0.0.1', port });
      const expected = { code: 'EADDRINUSE', syscall: 'bind', address: '127.0.0.1', port };
      expect(error).toMatchObject({ ...expected, errno: -98, name: 'LibeventError' });
      expect(String(error)).toContain(
        `bind EADDRINUSE: address already in use 127.0.0.1:${port.toString()}`,
      );
      stop();
    });

    it('EADDRINUSE for a port of node:net, and for a unix path', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      expect(await failureOf({ host: '127.0.0.1', port })).toMatchObject({ code: 'EADDRINUSE' });
      server.close();
      const path = join(directory, 'file');
      writeFileSync(path, 'not a socket');
      const error = await failureOf({ path });
      expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind', address: path });
      expect(error).not.toHaveProperty('port');
      expect(existsSync(path)).toBe(true);
    });

    it.each<[string, ListenConfig, object]>([
      [
        'an address of another machine',
        { host: '192.0.2.1' },
        { code: 'EADDRNOTAVAIL', syscall: 'bind', address: '192.0.2.1', port: 0 },
      ],
      [
        'a name that is none',
        { host: 'no.such.host.invalid' },
        { syscall: 'getaddrinfo', address: 'no.such.host.invalid' },
      ],
      [
        'a malformed address',
        { host: '999.1.1.1' },
        { syscall: 'getaddrinfo', address: '999.1.1.1' },
      ],
      [
        'a directory that is missing',
        { path: '/no/such/place/socket' },
        { code: 'ENOENT', syscall: 'bind', address: '/no/such/place/socket' },
      ],
      ['a descriptor that is not open', { fd: 100_000 }, { code: 'EBADF', syscall: 'listen' }],
    ])('one error for %s', async (_name, config, expected) => {
      expect(await failureOf(config)).toMatchObject(expected);
    });

    it('ENOTSOCK for a file, which stays open', async () => {
      const fd = openSync(__filename, 'r');
      expect(await failureOf({ fd })).toMatchObject({ code: 'ENOTSOCK', syscall: 'listen' });
      closeSync(fd);
    });

    it('EACCES where the user has no permission', async () => {
      // Root may do anything, so somebody else tries.
      const path = join(directory, 'private', 'socket');
      mkdirSync(join(directory, 'private'), { mode: 0o700 });
      if (process.getuid?.() === 0) {
        process.seteuid?.(65534);
        try {
          // The thread has credentials of its own from its start: this base has those of nobody.
          const other = new EventBase();
          const failed = record(other.listen({ path }));
          expect(await failed.ended).toMatchObject({
            code: 'EACCES',
            syscall: 'bind',
            address: path,
          });
          await other.close();
        } finally {
          process.seteuid?.(0);
        }
      } else {
        chmodSync(join(directory, 'private'), 0o000);
        expect(await failureOf({ path })).toMatchObject({
          code: 'EACCES',
          syscall: 'bind',
          address: path,
        });
        chmodSync(join(directory, 'private'), 0o700);
      }
    });

    it('ERR_BASE_CLOSED, listen, on a closed base', async () => {
      const closed = new EventBase();
      await closed.close();
      const failed = record(closed.listen({ port: 0 }));
      expect(await failed.ended).toMatchObject({ code: 'ERR_BASE_CLOSED', syscall: 'listen' });
    });

    it.each<[string, unknown, ErrorConstructor]>([
      ['no config', undefined, TypeError],
      ['a config of null', null, TypeError],
      ['a port that is text', { port: '80' }, TypeError],
      ['a port that is negative', { port: -1 }, RangeError],
      ['a port above 65535', { port: 65536 }, RangeError],
      ['a port that is a fraction', { port: 1.5 }, RangeError],
      ['a host that is a number', { host: 5 }, TypeError],
      ['an empty host', { host: '' }, TypeError],
      ['a host with a NUL character', { host: 'a\0b' }, TypeError],
      ['an empty path', { path: '' }, TypeError],
      ['a path with a NUL character', { path: '/tmp/a\0b' }, TypeError],
      ['a path that is a number', { path: 5 }, TypeError],
      ['a path with a port', { path: '/tmp/x', port: 1 }, TypeError],
      ['a descriptor with a host', { fd: 3, host: '::' }, TypeError],
      ['a negative descriptor', { fd: -1 }, RangeError],
      ['a path of 205 bytes', { path: long }, RangeError],
      ['a path that is long in bytes only', { path: `/tmp/${'ü'.repeat(60)}` }, RangeError],
      ['a backlog of 0', { backlog: 0 }, RangeError],
      ['maxConnections of 0', { maxConnections: 0 }, RangeError],
      ['reusePort that is text', { reusePort: 'yes' }, TypeError],
      ['a path that is to be shared', { path: '/tmp/x', reusePort: true }, TypeError],
      ['a signal that is none', { signal: {} }, TypeError],
      ['an unknown encoding', { encoding: 'utf16' }, TypeError],
      ['maxOutputBytes below the high mark', { maxOutputBytes: 1 }, RangeError],
      ['a negative timeout', { readTimeoutMs: -1 }, RangeError],
      ['an unknown whenTimeout', { whenTimeout: 'panic' }, TypeError],
    ])('throws at the call for %s', (_name, config, kind) => {
      expect(() => base.listen(config as ListenConfig)).toThrow(kind);
    });
  });

  describe('demand', () => {
    it('accepts nothing while it is held, and everything afterwards', async () => {
      const { listener, accepted, address, stop } = await listening();
      const before = base.stats.accepts;
      const release = listener.hold('busy');
      (await listening()).stop();
      const peers = Array.from({ length: 50 }, () => dial(address));
      await Promise.all(peers.map((peer) => once(peer, 'connect')));
      (await listening()).stop();
      expect(base.stats.accepts).toBe(before);
      release();
      release();
      await accepted.reach(50);
      for (const peer of peers) peer.destroy();
      stop();
    });

    it('begins held when it was held before', async () => {
      const listener = base.listen({ host: '127.0.0.1' });
      const release = listener.hold();
      const accepted = record(listener);
      const peer = dial(await firstValueFrom(listener.bound));
      await once(peer, 'connect');
      (await listening()).stop();
      expect(accepted.values).toEqual([]);
      release();
      await accepted.reach(1);
      peer.destroy();
      accepted.subscription.unsubscribe();
    });

    it.each([1, 2, 3, 7, 8, 9, 33])('has never more than maxConnections: %p open', async (most) => {
      let open = 0;
      let peak = 0;
      const before = base.stats.accepts;
      let accepts = 0;
      const { accepted, address, stop } = await listening(
        { maxConnections: most },
        (connection) => {
          open += 1;
          peak = Math.max(peak, open);
          accepts = Math.max(
            accepts,
            base.stats.accepts - before - (accepted.values.length - open),
          );
          connection.whenClosed.subscribe(() => {
            open -= 1;
          });
          connection.pipe(sendTo(connection)).subscribe();
          connection.subscribe({ complete: () => connection.complete() });
        },
      );
      const answers = Array.from({ length: most * 3 + 5 }, async () => {
        const peer = dial(address);
        peer.end('x');
        await once(peer, 'data');
        await once(peer, 'close');
      });
      await Promise.all(answers);
      expect(accepted.values).toHaveLength(answers.length);
      expect(peak).toBeLessThanOrEqual(most);
      expect(accepts).toBeLessThanOrEqual(most);
      stop();
    });
  });

  it('is served on the default base by listen()', async () => {
    const listener = listen({ host: '127.0.0.1' });
    const server = listener
      .pipe(
        serve((conn) =>
          conn.pipe(
            lines(),
            map((line) => `${line.length.toString()}\n`),
            sendTo(conn),
          ),
        ),
      )
      .subscribe();
    const { port } = await firstValueFrom(listener.bound);
    const netcat = spawn('nc', ['-N', '127.0.0.1', port.toString()], {
      env: { PATH: process.env['PATH'] },
    });
    netcat.stdin.end('a\nbcd\n');
    let stdout = '';
    netcat.stdout.on('data', (data) => (stdout += String(data)));
    await once(netcat, 'close');
    expect(stdout).toBe('1\n3\n');
    server.unsubscribe();
    await EventBase.default.close();
  });

  it('hands its connections to all reactors of the base', async () => {
    const many = new EventBase({ threads: 3 });
    const listener = many.listen({ host: '127.0.0.1' });
    const echoed = record(
      listener.pipe(
        take(30),
        mergeMap((connection) => connection.pipe(tap(connection), toArray())),
      ),
    );
    const address = await firstValueFrom(listener.bound);
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const peer = dial(address);
        peer.end(`peer ${index.toString()}`);
        expect(String((await once(peer, 'data'))[0])).toBe(`peer ${index.toString()}`);
      }),
    );
    await echoed.ended;
    await many.close();
  });
});
