import { runChild } from '../lifecycle/support/Child';

describe('failures: a rate limit whose tick changes on a live connection', () => {
  // Whether libevent takes the number of a tick for one of the past or of the future is a matter of
  // the date: of twelve lengths some are on either side.
  it('goes on, whatever the length', async () => {
    const ended = await runChild(
      `const { firstValueFrom } = require('rxjs');
      const { World, report, bytesOf } = require('./spec/support/world.cjs');
      const BYTES = 200_000;
      const limit = (tickMs, bytes) => ({
        tickMs, readBytesPerSecond: bytes, writeBytesPerSecond: bytes,
      });
      /** Moves what is too much for the first limit, and no trouble for the second. */
      const move = async (world, tickMs, due) => {
        const { conn, peer } = await world.pair();
        conn.socket.setRateLimit(limit(10, 100_000));
        let read = 0;
        let enough = () => {};
        const all = new Promise((resolve) => (enough = resolve));
        conn.subscribe((chunk) => { if ((read += chunk.length) === BYTES) enough(); });
        peer.write(Buffer.alloc(BYTES));
        conn.next(Buffer.alloc(BYTES));
        // Both directions have used up what they had, and wait.
        await bytesOf(peer, 1000);
        await world.rounds();
        conn.socket.setRateLimit(limit(tickMs, 100e6));
        const both = Promise.all([all, bytesOf(peer, BYTES - 1000)]).then(() => undefined);
        return Promise.race([both, due().then(() => tickMs)]);
      };
      const main = async () => {
        const world = await World.open();
        // Many ticks of each length.
        const due = () => firstValueFrom(world.base.timer(3000));
        const lengths = [1, 3, 7, 20, 30, 40, 50, 70, 100, 110, 130, 150];
        const results = await Promise.all(lengths.map((tickMs) => move(world, tickMs, due)));
        report(results.filter((tickMs) => tickMs !== undefined));
        process.exit();
      };
      main();`,
    );
    expect(ended).toMatchObject({ code: 0, signal: null, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual([]);
  });
});
