import { Child } from '../lifecycle/support/Child';

/** Runs a program with a world, and parses what it reports at its end. */
async function reportOf(main: string): Promise<unknown> {
  const child = new Child(
    `const { execFileSync, spawn } = require('node:child_process');
    const { closeSync, constants, mkdtempSync, openSync, readdirSync, rmSync } = require('node:fs');
    const { tmpdir } = require('node:os');
    const { join } = require('node:path');
    const { once } = require('node:events');
    const net = require('node:net');
    const { firstValueFrom } = require('rxjs');
    const { World, nextTurn, report, restsOrSpins } = require('./spec/support/world.cjs');
    /** A socket of this process that Node does not read, and its peer. */
    const ownSocket = async () => {
      const server = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const accepted = once(server, 'connection');
      const peer = net.connect(server.address().port, '127.0.0.1').on('error', () => {});
      const [socket] = await accepted;
      server.close();
      return { socket, fd: socket._handle.fd, peer };
    };
    const closed = async (socket) => {
      socket.destroy();
      await once(socket, 'close');
    };
    const main = async () => {
      const world = await World.open();
      ${main}
      process.exit();
    };
    main();`,
  );
  const { code, signal, stdout, stderr } = await child.ended();
  expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
  return JSON.parse(stdout) as unknown;
}

describe('leases: a descriptor that is watched', () => {
  it('may be closed by its owner: the next connection with that number is heard', async () => {
    const result = await reportOf(`
      const fd = openSync('/dev/ptmx', 'r');
      world.base.fd(fd, { events: ['read'] }).subscribe({ error: () => {} });
      await world.rounds();
      // Connected, but not accepted: then the number is free for the connection.
      world.listening.unsubscribe();
      const { listen } = require('rxjs-libevent');
      const listener = world.base.listen({ host: '127.0.0.1' });
      const release = listener.hold();
      world.port = (await Promise.all([firstValueFrom(listener.bound),
        listener.subscribe(world.accepted)]))[0].port;
      const peer = await world.peer();
      closeSync(fd);
      release();
      const conn = await firstValueFrom(world.accepted);
      let heard = '';
      conn.subscribe((chunk) => { heard += chunk; });
      await world.rounds();
      peer.write('hello');
      await world.rounds();
      report({ same: conn.socket.fd === fd, heard });`);
    expect(result).toMatchObject({ heard: 'hello' });
  });

  it('may be closed by its owner first: its watch costs the next one with that number no hangup', async () => {
    const result = await reportOf(`
      const own = await ownSocket();
      const watching = world.base.fd(own.fd, { events: ['closed'] }).subscribe({ error: () => {} });
      await world.rounds();
      await closed(own.socket);
      // The number again, for a pipe that is watched.
      const folder = mkdtempSync(join(tmpdir(), 'fd-'));
      execFileSync('mkfifo', [join(folder, 'pipe')]);
      const again = openSync(join(folder, 'pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(join(folder, 'pipe'), constants.O_WRONLY);
      rmSync(folder, { recursive: true });
      const seen = [];
      world.base.fd(again, { events: ['closed'] }).subscribe((event) => seen.push(event));
      await world.rounds();
      watching.unsubscribe();
      await world.rounds();
      closeSync(writer);
      await world.rounds();
      report({ same: again === own.fd, seen });`);
    expect(result).toEqual({ same: true, seen: ['closed'] });
  });

  it('may be closed by its owner while another process has it: its end is reported to no other', async () => {
    const result = await reportOf(`
      const own = await ownSocket();
      const other = await ownSocket();
      const watching = world.base.fd(own.fd, { events: ['closed'] }).subscribe({ error: () => {} });
      await world.rounds();
      const keeper = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore', own.fd] });
      await once(keeper, 'spawn');
      await closed(own.socket);
      const { taken } = world.base.stats;
      watching.unsubscribe();
      while (world.base.stats.taken === taken) await nextTurn();
      // Made in the place of the one that is gone.
      const seen = [];
      world.base.fd(other.fd, { events: ['closed'] }).subscribe((event) => seen.push(event));
      await world.rounds();
      own.peer.destroy();
      await once(own.peer, 'close');
      await world.rounds();
      keeper.kill();
      report(seen);`);
    expect(result).toEqual([]);
  });

  it('may be closed by its owner while another process has it: nobody spins', async () => {
    const result = await reportOf(`
      const own = await ownSocket();
      const keeper = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore', own.fd] });
      await once(keeper, 'spawn');
      const watching = world.base.fd(own.fd, { events: ['read'], mode: 'level' })
        .subscribe({ next: () => {}, error: () => {} });
      await world.rounds();
      await closed(own.socket);
      watching.unsubscribe();
      own.peer.write('x');
      await world.rounds();
      const resting = await restsOrSpins();
      keeper.kill();
      report(resting);`);
    expect(result).toBe('rests');
  });

  const order: [name: string, steps: string][] = [
    ['not at all', 'pause(); await unread();'],
    ['before it pauses', 'watch(); pause(); await unread();'],
    ['after it has paused', 'pause(); await unread(); watch();'],
    ['for a while', 'const some = watch(); pause(); await unread(); some.unsubscribe();'],
    [
      'for a while later',
      'pause(); await unread(); const some = watch(); await unread(); some.unsubscribe();',
    ],
  ];

  it.each(order)("may be a connection's own, %s, and costs it no hangup", async (_name, steps) => {
    const result = await reportOf(`
      const { conn, peer } = await world.pair();
      const events = [];
      conn.events.subscribe(({ type }) => events.push(type));
      conn.subscribe();
      await world.rounds();
      const pause = () => conn.hold();
      const unread = async () => {
        await world.rounds();
        peer.write('unread');
        await world.rounds();
      };
      const watched = [];
      const watch = () => world.base.fd(conn.socket.fd, { events: ['closed'] })
        .subscribe({ next: (event) => watched.push(event), error: ({ code }) => watched.push(code) });
      ${steps}
      await world.rounds();
      peer.end();
      await world.rounds();
      report({ events, watched });`);
    const watched = / watch\(\);$|^watch/.test(steps) ? ['closed'] : [];
    expect(result).toEqual({ events: ['hangup'], watched });
  });

  const endings: [name: string, end: string, seen: string][] = [
    ['is reset', 'conn.reset();', 'ECONNRESET'],
    ['is destroyed', 'conn.destroy();', 'end'],
    [
      'is destroyed with input that nobody has read',
      'await unread(); conn.destroy();',
      'ECONNRESET',
    ],
    ['is destroyed with output that waits', 'conn.next(stuffing); conn.destroy();', 'ECONNRESET'],
    [
      'closes after its peer',
      'conn.subscribe(); peer.end(); await open.rounds(); conn.close();',
      'end',
    ],
    [
      'is destroyed with its rate limited',
      'conn.socket.setRateLimit(limit); conn.destroy();',
      'end',
    ],
  ];
  const bases = [
    ['its own base', 'open.base'],
    ['another base', 'world.base'],
  ] as const;

  describe.each(bases)("may be a connection's own, and %s watches it", (_base, watching) => {
    it.each(endings)('T2: its peer hears so when it %s', async (_name, end, seen) => {
      const result = await reportOf(`
        const { endingOf } = require('./spec/support/endingOf.cjs');
        const open = await World.open({ listen: { allowHalfOpen: true } });
        const { conn, peer } = await open.pair();
        const ending = endingOf(peer);
        const watched = ${watching}.fd(conn.socket.fd, { events: ['closed'] });
        watched.subscribe({ error: () => {} });
        const stuffing = Buffer.alloc(12 << 20);
        const limit = { readBytesPerSecond: 1000, writeBytesPerSecond: 1000 };
        const unread = async () => {
          conn.subscribe().unsubscribe();
          conn.hold();
          peer.write('unread');
          await open.rounds();
        };
        ${end}
        report(await ending);`);
      expect(result).toBe(seen);
    });

    it('T6: a file that it sends ends when its peer, a unix socket, is reset', async () => {
      const result = await reportOf(`
        const folder = mkdtempSync(join(tmpdir(), 'fd-'));
        const path = join(folder, 'socket');
        const open = await World.open();
        const listener = open.base.listen({ path });
        const accepted = firstValueFrom(listener);
        await firstValueFrom(listener.bound);
        const conn = await new Promise((resolve) => open.base.connect({ path }).subscribe(
          { next: resolve, error: () => {} }));
        const peer = await accepted;
        ${watching}.fd(peer.socket.fd, { events: ['closed'] }).subscribe({ error: () => {} });
        await open.rounds();
        conn.next(Buffer.alloc(100_000));
        const sending = conn.sendFile(process.execPath);
        const ended = new Promise((resolve) => sending.subscribe({ error: resolve }));
        peer.reset();
        const { code } = await ended;
        rmSync(folder, { recursive: true });
        report(code);`);
      // The reset itself, where it is seen before the file goes on.
      expect(['ECONNRESET', 'EPIPE']).toContain(result);
    });
  });

  it('T2: its connection ends nothing where it watches another descriptor of the socket', async () => {
    const result = await reportOf(`
      const own = await ownSocket();
      world.base.fd(own.fd, { events: ['closed'] }).subscribe({ error: () => {} });
      const conn = world.base.adopt(own.fd);
      await world.rounds();
      conn.destroy();
      await firstValueFrom(conn.whenClosed);
      own.socket.end('still there');
      report(String((await once(own.peer, 'data'))[0]));`);
    expect(result).toBe('still there');
  });

  it('is a duplicate, which goes with its watch', async () => {
    const result = await reportOf(`
      const fds = () => readdirSync('/proc/self/fd').length;
      const own = await ownSocket();
      const watch = async () => {
        const subscription = world.base.fd(own.fd, { events: ['read', 'closed'] }).subscribe();
        await world.rounds(3);
        subscription.unsubscribe();
        await world.rounds(3);
      };
      await watch();
      const before = fds();
      for (let count = 0; count < 20; count += 1) await watch();
      report(fds() - before);`);
    expect(result).toBe(0);
  });
});
