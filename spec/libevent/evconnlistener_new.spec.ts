import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import {
  connect as netConnect,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, lastValueFrom } from 'rxjs';
import type { Connection, LibeventError, ListenConfig, Listener } from 'rxjs-libevent';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';
import { Child, runChild } from '../lifecycle/support/Child';

interface Handle {
  readonly _handle: { readonly fd: number };
}

describe('evconnlistener_new, evconnlistener_new_bind: base.listen', () => {
  const base = newBase();
  const directory = mkdtempSync(join(tmpdir(), 'listen-'));
  const open = openInEach();

  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await base.close();
  });

  interface Started {
    readonly listener: Listener;
    readonly port: number;
    readonly accepted: Connection[];
    next(): Promise<Connection>;
  }

  async function start(config: ListenConfig): Promise<Started> {
    const listener = base.listen({ host: '127.0.0.1', port: 0, ...config });
    const accepted: Connection[] = [];
    const waiting: ((connection: Connection) => void)[] = [];
    const failed = new Promise<never>((_resolve, reject) => {
      open.add(
        listener.subscribe({
          next: (connection) => {
            open.add(() => {
              connection.destroy();
            });
            accepted.push(connection);
            waiting.shift()?.(connection);
          },
          error: reject,
        }),
      );
    });
    const { port } = await Promise.race([firstValueFrom(listener.bound), failed]);
    return {
      listener,
      port,
      accepted,
      next: () => new Promise((resolve) => waiting.push(resolve)),
    };
  }

  const failureOf = (listener: Listener): Promise<LibeventError> =>
    lastValueFrom(listener).then(
      () => Promise.reject(new Error('it listens')),
      (error: unknown) => error as LibeventError,
    );

  function dial(port: number, host = '127.0.0.1'): Socket {
    const socket = netConnect({ host, port });
    socket.on('error', () => {});
    open.add(() => {
      socket.destroy();
    });
    return socket;
  }

  /** Whether a socket ends with an error. */
  const failed = (socket: Socket): Promise<unknown> =>
    new Promise((resolve) => socket.once('close', resolve));

  /** The sockets that a child process has inherited. */
  async function socketsOfChild(): Promise<string[]> {
    const { stdout } = await runChild(`
      const fs = require('node:fs');
      for (const fd of fs.readdirSync('/proc/self/fd')) {
        try { console.log(fs.readlinkSync('/proc/self/fd/' + fd)); } catch {}
      }`);
    return stdout.split('\n').filter((name) => name.startsWith('socket:'));
  }

  /** The inode of a listening port, as /proc names it. */
  function inodeOf(port: number): string {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find((text) => new RegExp(`^\\s*\\d+: \\w+:${hex} \\w+:0000 0A`).test(text));
    return `socket:[${line?.trim().split(/\s+/)[9] ?? ''}]`;
  }

  it('evconnlistener_get_fd, evconnlistener_free: emits its port, closes when it is unsubscribed', async () => {
    const { port, listener } = await start({});
    expect(port).toBeGreaterThan(0);
    expect(await firstValueFrom(listener.bound)).toEqual({
      family: 'IPv4',
      address: '127.0.0.1',
      port,
    });
    open.end();
    const again = base.listen({ host: '127.0.0.1', port, reuseAddress: false });
    open.add(again.subscribe());
    expect((await firstValueFrom(again.bound)).port).toBe(port);
  });

  it('accepts in the order of the calls', async () => {
    const { port, accepted, next } = await start({});
    const locals: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const arrived = next();
      const socket = dial(port);
      await arrived;
      locals.push(socket.localPort!);
    }
    expect(accepted.map((connection) => connection.remoteAddress.port)).toEqual(locals);
  });

  it('LEV_OPT_DISABLED: accepts nobody while it is held before its start', async () => {
    const listener = base.listen({ host: '127.0.0.1', port: 0 });
    const release = listener.hold('not yet');
    let accepted = 0;
    const first = new Promise<void>((resolve) => {
      open.add(
        listener.subscribe(() => {
          accepted += 1;
          resolve();
        }),
      );
    });
    const { port } = await firstValueFrom(listener.bound);
    const waiting = dial(port);
    await once(waiting, 'connect');
    // Another listener on the same reactor accepts: this one could have by now.
    const other = await start({});
    const arrived = other.next();
    dial(other.port);
    await arrived;
    expect(accepted).toBe(0);
    release();
    await first;
    expect(accepted).toBe(1);
  });

  it('LEV_OPT_CLOSE_ON_EXEC: a child process has the socket only if asked to', async () => {
    const closed = await start({});
    const kept = await start({ closeOnExec: false });
    const sockets = await socketsOfChild();
    expect(sockets).toContain(inodeOf(kept.port));
    expect(sockets).not.toContain(inodeOf(closed.port));
  });

  it('evutil_make_socket_nonblocking, evutil_make_socket_closeonexec: both ends are', async () => {
    const { port, next } = await start({});
    const arrived = next();
    const connected = new Promise<Connection>((resolve) => {
      open.add(base.connect({ host: '127.0.0.1', port }).subscribe(resolve));
    });
    const O_CLOEXEC = 0o2000000;
    for (const { socket } of [await arrived, await connected]) {
      const info = readFileSync(`/proc/self/fdinfo/${socket.fd}`, 'utf8');
      const flags = parseInt(/flags:\s*(\d+)/.exec(info)![1]!, 8);
      expect(flags & O_CLOEXEC).toBe(O_CLOEXEC);
      expect(flags & constants.O_NONBLOCK).toBe(constants.O_NONBLOCK);
    }
  });

  it('LEV_OPT_CLOSE_ON_FREE: nobody is connected once it is unsubscribed', async () => {
    const { port } = await start({});
    expect(inodeOf(port)).toMatch(/^socket:\[\d+\]$/);
    open.end();
    // The same reactor has fired a timer, so it has closed the listener before. A listener might have its port.
    await firstValueFrom(base.timer(0));
    expect(inodeOf(port)).toBe('socket:[]');
    expect(await failed(dial(port))).toBe(true);
  });

  it('LEV_OPT_REUSEABLE: has a port again that a connection still has', async () => {
    // One that is open, for the system keeps those in TIME_WAIT only while it has room for them.
    const first = base.listen({ host: '127.0.0.1', port: 0 });
    const arrived = firstValueFrom(first);
    const { port } = await firstValueFrom(first.bound);
    dial(port);
    const connection = await arrived;
    open.add(() => {
      connection.destroy();
    });
    const refused = failureOf(base.listen({ host: '127.0.0.1', port, reuseAddress: false }));
    expect(await refused).toMatchObject({ code: 'EADDRINUSE', syscall: 'bind' });
    const again = await start({ port });
    expect(again.port).toBe(port);
  });

  it('LEV_OPT_REUSEABLE_PORT: shares a port with others that do', async () => {
    const first = await start({ reusePort: true });
    const second = await start({ port: first.port, reusePort: true });
    expect(second.port).toBe(first.port);
    const third = base.listen({ host: '127.0.0.1', port: first.port });
    expect(await failureOf(third)).toMatchObject({
      code: 'EADDRINUSE',
      syscall: 'bind',
      address: '127.0.0.1',
      port: first.port,
    });
  });

  it('LEV_OPT_DEFERRED_ACCEPT: emits a connection when its first bytes have come', async () => {
    const { port, accepted, next } = await start({ deferredAccept: true });
    const arrived = next();
    // Both are connected within this turn; the system waits a second for the first one's bytes.
    dial(port);
    const talker = dial(port);
    talker.write('hello');
    const connection = await arrived;
    expect(connection.remoteAddress.port).toBe(talker.localPort);
    expect(accepted).toEqual([connection]);
    expect((await firstValueFrom(connection)).toString()).toBe('hello');
  });

  it('LEV_OPT_BIND_IPV6ONLY: takes no IPv4 when asked to, both otherwise', async () => {
    const both = await start({ host: '::' });
    const arrived = both.next();
    dial(both.port, '127.0.0.1');
    expect((await arrived).remoteAddress.family).toBe('IPv6');
    const only = await start({ host: '::', ipv6Only: true });
    expect(await failed(dial(only.port, '127.0.0.1'))).toBe(true);
    const six = only.next();
    dial(only.port, '::1');
    expect((await six).remoteAddress.address).toBe('::1');
  });

  it('lets as many wait in the kernel as its backlog says', async () => {
    const { port } = await start({});
    const held = base.listen({ host: '127.0.0.1', port: 0, backlog: 1 });
    held.hold();
    open.add(held.subscribe());
    const full = (await firstValueFrom(held.bound)).port;
    // The system takes one more than the backlog.
    await once(dial(full), 'connect');
    await once(dial(full), 'connect');
    const third = dial(full);
    // A connection to this machine is made at once, or not now: one to another port was.
    await once(dial(port), 'connect');
    expect(third.connecting).toBe(true);
  });

  it('evconnlistener_set_error_cb: reports trouble once, rests, and goes on', async () => {
    const child = new Child(
      `
      const { openSync, closeSync } = require('node:fs');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ host: '127.0.0.1', port: 0 });
      const files = [];
      let reported = 0;
      listener.errors.subscribe(({ code, syscall }) => {
        reported += 1;
        console.log(code, syscall);
        // It is tried again, and fails again, and nobody hears of that.
        setTimeout(() => files.splice(0).forEach((file) => closeSync(file)), 350);
      });
      listener.subscribe((connection) => {
        console.log('accepted, reported ' + reported);
        connection.destroy();
        void base.close();
      });
      listener.bound.subscribe(({ port }) => {
        try { for (;;) files.push(openSync('/dev/null')); } catch {}
        process.stdout.write(port + '\\n');
      });`,
      { descriptors: 100 },
    );
    dial(Number(await child.line()));
    expect(await child.ended()).toMatchObject({
      code: 0,
      stdout: 'EMFILE accept\naccepted, reported 1\n',
    });
  });

  it('takes over a socket that the process was started with, and closes it', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const { fd } = (server as Server & Handle)._handle;
    const child = new Child(
      `
      const { existsSync } = require('node:fs');
      const { EventBase } = require('rxjs-libevent');
      const base = new EventBase();
      const listener = base.listen({ fd: 3 });
      const listening = listener.subscribe((connection) => {
        connection.next('from the child');
        connection.complete();
        listening.unsubscribe();
        connection.whenClosed.subscribe(() => {
          console.log(existsSync('/proc/self/fd/3') ? 'open' : 'closed');
          void base.close();
        });
        connection.subscribe();
      });
      listener.bound.subscribe((address) => console.log(JSON.stringify(address)));`,
      { fd },
    );
    expect(await child.json()).toEqual({ family: 'IPv4', address: '127.0.0.1', port });
    server.close();
    const socket = dial(port);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    await once(socket, 'end');
    expect(text).toBe('from the child');
    expect(await child.ended()).toMatchObject({ code: 0, stdout: 'closed\n' });
  });

  it.each([
    ['nobody has', 999_999, 'EBADF'],
    ['is of a file', -1, 'ENOTSOCK'],
  ])('refuses a descriptor that %s, and leaves it alone', async (_name, given, code) => {
    const file = given < 0 ? openSync(__filename, 'r') : -1;
    const fd = given < 0 ? file : given;
    expect(await failureOf(base.listen({ fd }))).toMatchObject({ code, syscall: 'listen' });
    if (file >= 0) closeSync(file); // it is still open
  });

  it('refuses a socket that is connected', async () => {
    const { port, next } = await start({});
    const arrived = next();
    dial(port);
    const { fd } = (await arrived).socket;
    expect(await failureOf(base.listen({ fd }))).toMatchObject({
      code: 'EINVAL',
      syscall: 'listen',
    });
  });

  it('listens on a unix path and removes its file', async () => {
    const path = join(directory, 'socket');
    const listener = base.listen({ path });
    const done = firstValueFrom(listener);
    expect(await firstValueFrom(listener.bound)).toEqual({
      family: 'unix',
      address: path,
      port: 0,
    });
    expect(existsSync(path)).toBe(true);
    const socket = netConnect({ path });
    const connection = await done;
    // The reactor has closed the listener by then.
    await firstValueFrom(base.timer(0));
    expect(existsSync(path)).toBe(false);
    connection.destroy();
    socket.destroy();
  });

  it('refuses unix paths over 107 bytes, in bytes', () => {
    const path = `/tmp/${'é'.repeat(52)}`;
    expect(() => base.listen({ path })).toThrow('path must have at most 107 bytes, got 109');
    expect(() => base.connect({ path })).toThrow('path must have at most 107 bytes, got 109');
  });

  it.each([
    ['an address that is not ours', { host: '192.0.2.1' }, 'EADDRNOTAVAIL', 'bind'],
    ['a path whose directory is missing', { path: '/nonexistent/socket' }, 'ENOENT', 'bind'],
  ])('ends with the error of %s', async (_name, config, code, syscall) => {
    expect(await failureOf(base.listen(config))).toMatchObject({ code, syscall });
  });

  it('evconnlistener_disable, evconnlistener_enable: holds what has come while it is held, in order', async () => {
    const { listener, port, accepted, next } = await start({ backlog: 16 });
    const release = listener.hold();
    const sockets = [dial(port), dial(port)];
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    // Another listener on the same reactor accepts: this one could have by now.
    const other = await start({});
    const elsewhere = other.next();
    dial(other.port);
    await elsewhere;
    expect(accepted).toEqual([]);
    const both = Promise.all([next(), next()]);
    release();
    expect((await both).map(({ remoteAddress }) => remoteAddress.port)).toEqual(
      sockets.map(({ localPort }) => localPort),
    );
  });
});
