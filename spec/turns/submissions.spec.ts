import { runChild } from '../lifecycle/support/Child';
import { Faults } from '../support/Faults';

describe('turns: submissions have a budget', () => {
  const faults = new Faults();
  afterAll(() => faults.remove());

  it('a broadcast of 70 KB to 600 peers lets another connection in between', async () => {
    const ended = await faults.run(
      `const { awaitMark, go, nextTurn, sendsAtMark, stopReactor } =
        require('./spec/support/faults.cjs');
      const { World, bytesOf, report } = require('./spec/support/world.cjs');
      const main = async () => {
        const world = await World.open();
        const ends = [];
        for (let count = 0; count < 600; count += 1) ends.push(await world.pair());
        const other = await world.pair();
        other.conn.subscribe(other.conn);
        await world.rounds();
        await stopReactor(world.base);
        const value = Buffer.alloc(70_000, 'v');
        for (const { conn } of ends) conn.next(value);
        other.peer.write('mark!');
        for (let turn = 0; turn < 10; turn += 1) await nextTurn();
        awaitMark();
        go('epoll_wait');
        const echo = await bytesOf(other.peer, 5);
        // All were written, some after it.
        await Promise.all(ends.map(({ peer }) => bytesOf(peer, 70_000)));
        const before = sendsAtMark();
        report({ echo: echo.toString(), early: before < 300, before });
        await world.close();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(ended.stdout)).toMatchObject({ echo: 'mark!', early: true });
  });

  /** Work for a JavaScript that counts what the library asks for in later turns. */
  const floods: [name: string, flood: string][] = [
    [
      'timers',
      'for (let i = 0; i < 20_000; i += 1) world.base.timer(0).subscribe(() => (done += 1))',
    ],
    [
      'values of a chat',
      `for (let i = 0; i < 20_000; i += 1) ends[i % ends.length].conn.next('hi');
       done = 20_000`,
    ],
    [
      'timers that are stopped again',
      `for (let i = 0; i < 20_000; i += 1) world.base.timer(1000).subscribe().unsubscribe();
       done = 20_000`,
    ],
  ];

  it.each(floods)('nobody spins while the ring is full of %s', async (_name, flood) => {
    const ended = await faults.run(
      `const { go, stopReactor } = require('./spec/support/faults.cjs');
      const { World, bytesOf, report } = require('./spec/support/world.cjs');
      const own = setImmediate;
      const nextTurn = () => new Promise((resolve) => own(resolve));
      const main = async () => {
        const world = await World.open();
        const ends = [];
        for (let count = 0; count < 20; count += 1) ends.push(await world.pair());
        await world.rounds();
        await stopReactor(world.base);
        let asked = 0;
        for (const name of ['setImmediate', 'setTimeout', 'queueMicrotask']) {
          const real = globalThis[name];
          globalThis[name] = (...args) => {
            asked += 1;
            return real(...args);
          };
        }
        let done = 0;
        ${flood};
        for (let turn = 0; turn < 3; turn += 1) await nextTurn();
        asked = 0;
        const { wakes } = world.base.stats;
        for (let turn = 0; turn < 1000; turn += 1) await nextTurn();
        const spent = { asked, wakes: world.base.stats.wakes - wakes };
        go('epoll_wait');
        // The reactor makes room, and what waits follows.
        while (done < 20_000) await nextTurn();
        await world.rounds();
        report({ ...spent, done });
        await world.close();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    const { asked, wakes, done } = JSON.parse(ended.stdout) as Record<string, number>;
    expect(done).toBe(20_000);
    expect(asked).toBeLessThan(20);
    expect(wakes).toBeLessThan(20);
  });
});

describe('turns: who waits costs the same however many wait', () => {
  /** Each adds one more to 40,000 that wait on a connection, and ends them all in the end. */
  const waiters: [name: string, wait: string][] = [
    [
      'sendTo of what has been written',
      'of("x").pipe(sendTo(conn)).subscribe({ error: () => {} })',
    ],
    ['sendTo of sources that go on', 'NEVER.pipe(sendTo(conn)).subscribe({ error: () => {} })'],
    ['whenClosed', 'conn.whenClosed.subscribe()'],
    ['holds', '{ unsubscribe: conn.hold() }'],
    ['holds for causes of their own', '{ unsubscribe: conn.hold({}) }'],
  ];
  /** What a quadratic one needs many times of, and a linear one a tenth. */
  const seconds = 2;

  it.each(waiters)('%s', async (_name, wait) => {
    const ended = await runChild(
      `const { NEVER, of } = require('rxjs');
      const { sendTo } = require('rxjs-libevent');
      const { World, report } = require('./spec/support/world.cjs');
      const main = async () => {
        const world = await World.open();
        for (const end of ['unsubscribe', 'reset']) {
          const { conn } = await world.slowPair();
          const { user } = process.cpuUsage();
          const look = () => {
            if (process.cpuUsage().user - user < ${seconds} * 1e6) return;
            report('quadratic');
            process.kill(process.pid, 'SIGKILL');
          };
          const all = [];
          for (let count = 0; count < 40_000; count += 1) {
            all.push(${wait});
            if (count % 500 === 0) look();
          }
          // In the order in which they came, as clients leave.
          let gone = 0;
          if (end === 'unsubscribe') for (const one of all) {
            one.unsubscribe();
            if (++gone % 500 === 0) look();
          }
          const closed = new Promise((resolve) => conn.whenClosed.subscribe(resolve));
          conn.reset();
          await closed;
          look();
        }
        report('linear');
        await world.close();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '', stdout: '"linear"\n' });
  });
});
