import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { firstValueFrom, take, tap, toArray } from 'rxjs';
import { EventBase, serve } from 'rxjs-libevent';

const threadsOfProcess = () => readdirSync('/proc/self/task').length;

describe('a base without a thread', () => {
  let base: EventBase;
  let before: number;

  beforeEach(() => {
    before = threadsOfProcess();
    base = new EventBase({ threads: 0 });
  });

  afterEach(async () => {
    await base.close();
  });

  it('starts none, and says so', () => {
    expect(threadsOfProcess()).toBe(before);
    expect(base.threads).toBe(0);
  });

  it('sends within the turn that writes', async () => {
    const peers = createServer((peer) => peer.resume()).listen(0, '127.0.0.1');
    await once(peers, 'listening');
    const { port } = peers.address() as AddressInfo;
    const conn = await base.open({ host: '127.0.0.1', port });
    const { sends } = base.stats;
    conn.next('now');
    await Promise.resolve();
    expect(base.stats.sends).toBe(sends + 1);
    conn.destroy();
    peers.close();
  });

  it('has every tick of a period that the loop of Node has no timer for', async () => {
    const ticks = await firstValueFrom(base.timer(0.25, 0.25).pipe(take(400), toArray()));
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(399);
  });

  it('keeps the order of timers that were started in any order, with common ones beside them', async () => {
    const order: { readonly from: number; readonly to: number }[] = [];
    await Promise.all(
      [240, 40, 160, 80, 200, 120].map(async (ms) => {
        const common = firstValueFrom(base.timer(ms, undefined, { commonTimeout: true }));
        // When it is due: this thread may lose its processor while it starts it.
        const from = performance.now() + ms;
        const fired = firstValueFrom(base.timer(ms));
        const to = performance.now() + ms;
        await fired;
        order.push({ from, to });
        await common;
      }),
    );
    expect(order).toHaveLength(6);
    for (const [at, { from }] of order.entries()) {
      for (const later of order.slice(at + 1)) expect(from).toBeLessThan(later.to + 1);
    }
  });

  it('fires ten thousand timers that are due one after the other', async () => {
    let fired = 0;
    await new Promise<void>((resolve) => {
      for (let count = 0; count < 10_000; count += 1) {
        base.timer(50).subscribe(() => {
          fired += 1;
          if (fired === 10_000) resolve();
        });
      }
    });
    expect(fired).toBe(10_000);
  });

  it('has the timeouts of libevent: of what is read by it, and of what waits to be sent', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    const bound = firstValueFrom(listener.bound);
    const conns = firstValueFrom(listener);
    const peer: Socket = connect((await bound).port, '127.0.0.1');
    const conn = await conns;
    conn.setTimeouts({ writeTimeoutMs: 20 });
    peer.pause();
    conn.next(Buffer.alloc(8 << 20));
    await expect(firstValueFrom(conn)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    peer.destroy();

    const [one, other] = base.pair({ readTimeoutMs: 20 });
    await expect(firstValueFrom(one)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    other.destroy();
  });

  it('refills the bucket of a rate limit', async () => {
    const listener = base.listen({
      host: '127.0.0.1',
      rateLimit: { readBytesPerSecond: 40_000, readBurstBytes: 2_000, tickMs: 10 },
    });
    const bound = firstValueFrom(listener.bound);
    let received = 0;
    const all = new Promise<void>((resolve) => {
      const count = (chunk: Buffer) => {
        received += chunk.length;
        if (received === 8_000) resolve();
      };
      listener.pipe(serve((conn) => conn.pipe(tap(count)))).subscribe();
    });
    const peer = connect((await bound).port, '127.0.0.1');
    peer.write(Buffer.alloc(8_000));
    await all;
    expect(received).toBe(8_000);
    peer.destroy();
  });

  it('leaves its loop, and goes on', async () => {
    const ends: string[] = [];
    const left = base.dispatched.subscribe((end) => ends.push(end));
    base.loopExit(5);
    const next = await firstValueFrom(base.dispatched);
    expect(next).toBe('exit');
    const resumed = base.loop({ once: true });
    const fired = firstValueFrom(base.timer(1));
    expect(await resumed).toBe('stepped');
    await base.loop({ nonblock: true });
    left.unsubscribe();
    void base.loop();
    await fired;
    expect(ends).toEqual(['exit']);
  });

  it('refuses a method that nobody can wait for without a thread, and says why', () => {
    const newBase = () => new EventBase({ threads: 0, avoidMethods: ['epoll'] });
    expect(newBase).toThrow(/ENOTSUP: only epoll can be waited for without a thread/);
  });

  it('finds its own epoll set among those of others', async () => {
    const others = Array.from({ length: 4 }, (_, index) => new EventBase({ threads: index % 2 }));
    await Promise.all([base, ...others].map((one) => firstValueFrom(one.timer(1))));
    await Promise.all(others.map((one) => one.close()));
    await firstValueFrom(base.timer(1));
  });
});
