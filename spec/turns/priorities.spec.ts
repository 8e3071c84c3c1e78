import { Faults } from '../support/Faults';

/** What the most urgent connection does, while its peer has more to say than is read. */
const urgent: [name: string, then: string][] = [
  ['that nobody reads', 'flood(peer)'],
  ['that is held', 'conn.subscribe(); conn.hold(); flood(peer)'],
  ['that is held after it has read', 'conn.subscribe(() => conn.hold()); flood(peer)'],
  ['whose subscriber has left', 'conn.subscribe().unsubscribe(); flood(peer)'],
  [
    'whose credit is one byte',
    'conn.setWatermarks({ read: { low: 0, high: 1 } }); conn.subscribe(); flood(peer)',
  ],
  ['that is read as fast as it comes', 'conn.subscribe(); flood(peer)'],
  ['that lingers', 'conn.close(60_000); flood(peer)'],
  ['whose peer has ended', 'peer.end("unread")'],
  ['that is rate-limited', 'conn.socket.setRateLimit({ readBytesPerSecond: 10_000 }); flood(peer)'],
];

describe('turns: a pass ends whatever the priorities', () => {
  const faults = new Faults();
  afterAll(() => faults.remove());

  it.each(urgent)('beside an urgent connection %s, others are served', async (_name, then) => {
    const child = faults.start(
      `const { interval, Subscription } = require('rxjs');
      const { sendTo } = require('rxjs-libevent');
      const { go, stopReactor } = require('./spec/support/faults.cjs');
      const { World, bytesOf, nextTurn, report, unlessSpinning } = require('./spec/support/world.cjs');
      let flooding = true;
      /** Always more, as much as the socket takes. */
      const flood = async (peer) => {
        const some = Buffer.alloc(65_536);
        while (flooding && !peer.destroyed) {
          if (!peer.write(some)) await Promise.race([
            new Promise((resolve) => peer.once('drain', resolve)), nextTurn()]);
          if (peer.writableLength > 4 << 20) await nextTurn();
        }
      };
      const main = async () => {
        const world = await World.open({ base: { priorities: 2 } });
        const { conn, peer } = await world.pair();
        conn.socket.setPriority(0);
        const other = await world.pair();
        other.conn.socket.setPriority(1);
        other.conn.pipe(sendTo(other.conn)).subscribe();
        await world.rounds();
        // The events of both come in one pass.
        await stopReactor(world.base);
        ${then};
        other.peer.write('ping');
        for (let turn = 0; turn < 10; turn += 1) await nextTurn();
        go('epoll_wait');
        const served = async (onStep) => {
          for (let round = 0; round < 10; round += 1) {
            await bytesOf(other.peer, 4);
            onStep();
            other.peer.write('ping');
          }
          for (let round = 0; round < 10; round += 1) {
            await world.rounds(1);
            onStep();
          }
          flooding = false;
          peer.destroy();
          await world.close();
          return 'served';
        };
        report(await unlessSpinning(served));
        process.kill(process.pid, 'SIGKILL');
      };
      main();`,
    );
    expect(await child.json()).toBe('served');
  });
});
