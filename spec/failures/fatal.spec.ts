import { Faults } from '../support/Faults';

/** What a program has that sees its base's loop fail. */
const start = `
  const { once } = require('node:events');
  const faults = require('./spec/support/faults.cjs');
  const { World, endingOf, nextTurn } = require('./spec/support/world.cjs');
  const say = (word) => console.log(word);
  const open = async () => {
    const world = await World.open();
    world.base.dispatched.subscribe({ error: ({ code }) => say(code) });
    return world;
  };`;

describe('failures: libevent gives up', () => {
  const faults = new Faults();
  afterAll(() => faults.remove());

  it('and says so, closes its sockets and gives its signals back, when a handler has failed', async () => {
    const child = faults.start(
      `${start}
      const main = async () => {
        const world = await open();
        const { conn, peer } = await world.pair();
        conn.subscribe({ error: () => {} });
        world.base.signal('SIGUSR2').subscribe({ error: () => {} });
        await world.rounds();
        const ending = endingOf(peer);
        faults.fail('read', 'EIO', { times: 1 });
        faults.fail('recv', 'EIO', { times: 1 });
        process.kill(process.pid, 'SIGUSR2');
        say(['end', 'ECONNRESET'].includes(await ending) ? 'closed' : 'open');
        await world.base.close();
        say('ended');
        // By default it ends the process.
        process.kill(process.pid, 'SIGUSR2');
        for (let turn = 0; turn < 100; turn += 1) await nextTurn();
        say('alive');
        process.exit();
      };
      main();`,
    );
    const { signal, stdout } = await child.ended();
    expect(stdout.trim().split('\n').sort()).toEqual(['ERR_LIBEVENT_FATAL', 'closed', 'ended']);
    expect(signal).toBe('SIGUSR2');
  });

  it('and lets another base have signals', async () => {
    const { stdout, code } = await faults.run(
      `${start}
      const { EventBase } = require('rxjs-libevent');
      const main = async () => {
        const world = await open();
        world.base.signal('SIGUSR2').subscribe({ error: () => {} });
        await world.rounds();
        faults.fail('read', 'EIO', { times: 1 });
        faults.fail('recv', 'EIO', { times: 1 });
        process.kill(process.pid, 'SIGUSR2');
        await world.base.close();
        for (const call of ['read', 'recv']) faults.lift(call);
        const other = new EventBase({ threads: 1 });
        other.signal('SIGUSR2').subscribe({
          next: ({ count }) => { say('signal'); process.exit(); },
          error: ({ code }) => { say(code); process.exit(); },
        });
        await new Promise((resolve) => other.timer(0).subscribe(resolve));
        process.kill(process.pid, 'SIGUSR2');
      };
      main();`,
    );
    expect({ code, lines: stdout.trim().split('\n') }).toEqual({
      code: 0,
      lines: ['ERR_LIBEVENT_FATAL', 'signal'],
    });
  });

  it('and says so when the ring of completions is full', async () => {
    const { stdout, code, signal } = await faults.run(
      `${start}
      const main = async () => {
        const world = await open();
        const { conn, peer } = await world.pair();
        conn.subscribe({ error: () => {} });
        // The loop fails when it is woken by the next of these.
        world.base.timer(1, 1).subscribe({ error: () => {} });
        for (let count = 0; count < 9000; count += 1) {
          world.base.timer(1).subscribe({ error: () => {} });
        }
        // They are submitted when this has been left, and are due while JavaScript is busy.
        faults.calls('epoll_wait');
        await null;
        await null;
        // Full is what takes no more, however often the loop goes round.
        for (let last = -1, since = 0, full = false; !full; ) {
          const { posted } = world.base.stats;
          const calls = faults.calls('epoll_wait');
          if (posted !== last) [last, since] = [posted, calls];
          else full = calls - since >= 30;
        }
        faults.fail('epoll_wait', 'EINVAL', { times: 1 });
        while (faults.left('epoll_wait') > 0);
        say(['end', 'ECONNRESET'].includes(await endingOf(peer)) ? 'closed' : 'open');
        await world.base.close();
        say('ended');
      };
      main();`,
    );
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stdout.trim().split('\n').sort()).toEqual(['ERR_LIBEVENT_FATAL', 'closed', 'ended']);
  });
});

describe('failures: select', () => {
  const faults = new Faults();
  afterAll(() => faults.remove());

  /** Closes a number that the base watches, and opens it again while the loop fails. */
  const closing: [name: string, watch: string][] = [
    [
      'of a descriptor that is watched',
      `const fd = openSync('/dev/ptmx', 'r');
       world.base.fd(fd).subscribe({ error: () => {} });`,
    ],
    [
      'of a connection, which the program has no right to close',
      `const mine = await world.pair();
       mine.conn.subscribe({ error: () => {} });
       const fd = mine.conn.socket.fd;`,
    ],
  ];

  it.each(closing)(
    'goes on after the number %s was closed and opened again',
    async (_name, watch) => {
      const { stdout, code, signal } = await faults.run(
        `const { closeSync, openSync } = require('node:fs');
      const { firstValueFrom } = require('rxjs');
      const { EventBase } = require('rxjs-libevent');
      const faults = require('./spec/support/faults.cjs');
      const { World, bytesOf, nextTurn, report } = require('./spec/support/world.cjs');
      const avoidMethods = EventBase.supportedMethods.filter((method) => method !== 'select');
      const main = async () => {
        const world = await World.open({ base: { avoidMethods } });
        world.base.dispatched.subscribe({ error: ({ code }) => { report(code); process.exit(); } });
        const other = await world.pair();
        other.conn.subscribe(other.conn);
        ${watch}
        await world.rounds();
        // In the midst of a select() the kernel would call it readable.
        const left = firstValueFrom(world.base.dispatched);
        world.base.loopExit();
        await left;
        faults.hold('select');
        closeSync(fd);
        world.base.loop().catch(() => {});
        // Either the loop has failed, or nothing of it has been seen.
        let fired = false;
        world.base.timer(0).subscribe(() => (fired = true));
        while (!fired && !faults.isHeld('select')) await nextTurn();
        const again = [openSync('/dev/null'), openSync('/dev/null')];
        faults.go('select');
        other.peer.write('on');
        report((await bytesOf(other.peer, 2)).toString());
        process.exit();
      };
      main();`,
      );
      expect({ code, signal, stdout }).toEqual({ code: 0, signal: null, stdout: '"on"\n' });
    },
  );
});
