import { lastValueFrom, merge } from 'rxjs';
import type { Connection, LibeventError, RateLimit, RateLimitGroup } from 'rxjs-libevent';
import { allOf, bytesFrom } from './support/emitted';
import { joined, type Joined } from './support/joined';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';
import { pattern } from '../support/pattern.cjs';
import { until } from '../support/until';

/** Lets nothing pass for as long as a spec runs, once its burst is spent. */
const HARDLY: RateLimit = { readBytesPerSecond: 1, readBurstBytes: 10_000, tickMs: 60_000 };

describe('ev_token_bucket_cfg_new, bufferevent_set_rate_limit: rateLimit and connection.socket.setRateLimit', () => {
  const base = newBase();
  const open = openInEach();

  afterAll(async () => {
    await base.close();
  });

  async function ends(options?: Parameters<typeof joined>[1]): Promise<Joined> {
    const both = await joined(base, options);
    open.add(both.subscription);
    return both;
  }

  /** Counts what a connection reads, and goes on. */
  function counted(connection: Connection): { bytes: number } {
    const count = { bytes: 0 };
    open.add(
      connection.subscribe({
        next: (chunk) => {
          count.bytes += chunk.length;
        },
        error: () => undefined,
      }),
    );
    return count;
  }

  /** A way and back of another connection, so that this one has had its chance. */
  async function meanwhile(): Promise<void> {
    const { client, server } = await ends();
    open.add(server.subscribe(server));
    for (let count = 0; count < 20; count += 1) {
      const echo = bytesFrom(client, 1);
      client.next('x');
      await echo;
    }
  }

  it('T2: close(): what waits is not cut by a read timeout of the end that has closed', async () => {
    const rateLimit = { writeBytesPerSecond: 1_000_000, writeBurstBytes: 50_000, tickMs: 50 };
    const { client, server } = await ends({ server: { rateLimit, readTimeoutMs: 5 } });
    counted(server);
    server.next(pattern(100_000));
    server.close(2 ** 31 - 1);
    expect((await allOf(client)).equals(pattern(100_000))).toBe(true);
  });

  it('reads a burst and then only what a tick brings', async () => {
    const { client, server } = await ends({ server: { rateLimit: { ...HARDLY, tickMs: 60_000 } } });
    const count = counted(server);
    client.next(pattern(60_000));
    await until(() => count.bytes > 0);
    await meanwhile();
    expect(count.bytes).toBeLessThanOrEqual(10_000);
  });

  it('writes a burst and then only what a tick brings', async () => {
    const rateLimit = { writeBytesPerSecond: 1, writeBurstBytes: 10_000, tickMs: 60_000 };
    const { client, server } = await ends({ client: { rateLimit } });
    const count = counted(server);
    client.next(pattern(60_000));
    await until(() => count.bytes > 0);
    await meanwhile();
    expect(count.bytes).toBeLessThanOrEqual(10_000);
    expect(client.outputBytes).toBeGreaterThanOrEqual(50_000);
  });

  it('limits one direction, and leaves the other alone', async () => {
    const { client, server } = await ends({ server: { rateLimit: HARDLY } });
    const received = allOf(client);
    server.next(pattern(500_000));
    server.complete();
    expect((await received).equals(pattern(500_000))).toBe(true);
  });

  it('loses and moves no byte while it is limited, changed and lifted', async () => {
    const { client, server } = await ends();
    const content = pattern(3_000_000);
    const received = allOf(server);
    for (let offset = 0; offset < content.length; offset += 50_000) {
      client.next(content.subarray(offset, offset + 50_000));
    }
    server.socket.setRateLimit({ readBytesPerSecond: 10_000_000, tickMs: 1 });
    client.socket.setRateLimit({ writeBytesPerSecond: 20_000_000, tickMs: 2 });
    await until(() => server.inputBytes >= 0 && base.stats.receivedBytes > 0);
    server.socket.setRateLimit({ readBytesPerSecond: 50_000_000 });
    await meanwhile();
    server.socket.setRateLimit(undefined);
    client.socket.setRateLimit(undefined);
    client.complete();
    expect((await received).equals(content)).toBe(true);
  });

  it('lifts a limit that has run dry, at once', async () => {
    const { client, server } = await ends({ server: { rateLimit: HARDLY } });
    const received = allOf(server);
    client.next(pattern(60_000));
    client.complete();
    await meanwhile();
    server.socket.setRateLimit(undefined);
    expect((await received).length).toBe(60_000);
  });

  it('holds while it is limited', async () => {
    const { client, server } = await ends({ server: { rateLimit: { readBytesPerSecond: 1e8 } } });
    const release = server.hold();
    const count = counted(server);
    client.next(pattern(200_000));
    await meanwhile();
    expect(count.bytes).toBe(0);
    release();
    await until(() => count.bytes === 200_000);
  });

  it('sees the peer go while nobody reads a limited connection', async () => {
    const { client, server } = await ends({ server: { rateLimit: { readBytesPerSecond: 1e8 } } });
    const ended = new Promise((resolve) => {
      open.add(server.events.subscribe(({ type }) => resolve(type)));
    });
    client.reset();
    expect(['error', 'hangup', 'eof']).toContain(await ended);
  });

  it('ends a limited input after its last byte', async () => {
    const { client, server } = await ends({
      server: { rateLimit: { readBytesPerSecond: 1_000_000, tickMs: 5 } },
    });
    const received = allOf(server);
    client.next(pattern(100_000));
    client.complete();
    expect((await received).equals(pattern(100_000))).toBe(true);
  });

  it('sends files within the limit', async () => {
    const { client, server } = await ends({
      client: { rateLimit: { writeBytesPerSecond: 10_000_000, tickMs: 5 } },
    });
    const received = allOf(server);
    await lastValueFrom(client.sendFile(__filename));
    client.complete();
    expect((await received).toString()).toContain('sends files within the limit');
  });
});

describe('bufferevent_rate_limit_group_new: base.rateLimitGroup', () => {
  const base = newBase({ threads: 2 });
  const open = openInEach();

  afterAll(async () => {
    await base.close();
  });

  async function members(group: RateLimitGroup, count: number): Promise<Joined[]> {
    const all: Joined[] = [];
    for (let index = 0; index < count; index += 1) {
      const both = await joined(base, { server: { rateLimitGroup: group } });
      open.add(both.subscription);
      all.push(both);
    }
    return all;
  }

  it('lets all members together read no more than a burst and what ticks bring', async () => {
    const group = base.rateLimitGroup(HARDLY);
    const all = await members(group, 5);
    let bytes = 0;
    open.add(
      merge(...all.map(({ server }) => server)).subscribe((chunk) => {
        bytes += chunk.length;
      }),
    );
    for (const { client } of all) client.next(pattern(20_000));
    await until(() => bytes > 0);
    const { readBytes } = await group.totals();
    // libevent shares a group's bytes out in portions of at least 64 bytes, so each may go over once.
    expect(readBytes).toBeLessThanOrEqual(10_000 + all.length * 64);
    expect(bytes).toBeLessThanOrEqual(readBytes);
    group.close();
  });

  it('bufferevent_rate_limit_group_get_totals: says what all members have moved, of old ones, too', async () => {
    const group = base.rateLimitGroup({ readBytesPerSecond: 1e9, writeBytesPerSecond: 1e9 });
    const [first, second] = (await members(group, 2)) as [Joined, Joined];
    expect(await group.totals()).toEqual({ readBytes: 0, writtenBytes: 0 });
    const received = bytesFrom(first.server, 1000);
    first.client.next(pattern(1000));
    await received;
    const answered = bytesFrom(second.client, 500);
    second.server.next(pattern(500));
    await answered;
    expect(await group.totals()).toEqual({ readBytes: 1000, writtenBytes: 500 });
    first.server.destroy();
    await lastValueFrom(first.server.whenClosed);
    expect(await group.totals()).toEqual({ readBytes: 1000, writtenBytes: 500 });
    group.close();
  });

  it('bufferevent_add_to_rate_limit_group, _remove_from: counts nothing of one that has left', async () => {
    const group = base.rateLimitGroup({ readBytesPerSecond: 1e9 });
    const [{ client, server }] = (await members(group, 1)) as [Joined];
    server.socket.setRateLimitGroup(undefined);
    await group.totals(); // by now it has left
    const received = bytesFrom(server, 1000);
    client.next(pattern(1000));
    await received;
    expect((await group.totals()).readBytes).toBe(0);
    server.socket.setRateLimitGroup(group);
    await group.totals(); // by now it has joined
    const more = bytesFrom(server, 10);
    client.next(pattern(10));
    await more;
    expect((await group.totals()).readBytes).toBe(10);
    group.close();
  });

  it('bufferevent_rate_limit_group_set_cfg: changes the limit of all members', async () => {
    const group = base.rateLimitGroup(HARDLY);
    const all = await members(group, 3);
    const received = Promise.all(all.map(({ server }) => allOf(server)));
    for (const { client } of all) {
      client.next(pattern(100_000));
      client.complete();
    }
    group.setRateLimit({ readBytesPerSecond: 1e9, tickMs: 1 });
    for (const bytes of await received) expect(bytes.equals(pattern(100_000))).toBe(true);
    group.close();
  });

  it('bufferevent_rate_limit_group_free: goes with its last member once it is closed', async () => {
    const group = base.rateLimitGroup({ readBytesPerSecond: 1e9 });
    const [{ client, server }] = (await members(group, 1)) as [Joined];
    group.close();
    group.close();
    expect(group.closed).toBe(true);
    const received = bytesFrom(server, 10);
    client.next(pattern(10));
    await received;
    server.destroy();
    await lastValueFrom(server.whenClosed);
  });

  it('refuses everything once it is closed', async () => {
    const group = base.rateLimitGroup({ readBytesPerSecond: 1000 });
    group.close();
    const closed = expect.objectContaining({ code: 'ERR_CLOSED' }) as Error;
    expect(() => group.setRateLimit({ readBytesPerSecond: 1 })).toThrow(closed);
    await expect(group.totals()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(() => base.listen({ rateLimitGroup: group })).toThrow(closed);
    expect(() => base.connect({ port: 1, rateLimitGroup: group })).toThrow(closed);
  });

  it('refuses accepted connections, and says so, when its listener outlives it', async () => {
    const group = base.rateLimitGroup({ readBytesPerSecond: 1000 });
    const listener = base.listen({ host: '127.0.0.1', port: 0, rateLimitGroup: group });
    const trouble = new Promise<LibeventError>((resolve) => {
      open.add(listener.errors.subscribe(resolve));
    });
    open.add(listener.subscribe());
    group.close();
    const { port } = await new Promise<{ port: number }>((resolve) => {
      open.add(listener.bound.subscribe(resolve));
    });
    open.add(base.connect({ host: '127.0.0.1', port }).subscribe({ error: () => undefined }));
    expect(await trouble).toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('belongs to one base, and to one of its reactors', async () => {
    const other = newBase();
    const group = other.rateLimitGroup({ readBytesPerSecond: 1000 });
    expect(() => base.listen({ rateLimitGroup: group })).toThrow(
      expect.objectContaining({ code: 'ERR_OTHER_BASE' }) as Error,
    );
    const both = await joined(base);
    open.add(both.subscription);
    expect(() => both.client.socket.setRateLimitGroup(group)).toThrow(
      expect.objectContaining({ code: 'ERR_OTHER_REACTOR' }) as Error,
    );
    await other.close();
    await expect(group.totals()).rejects.toMatchObject({ code: 'ERR_CLOSED' });
  });

  it('takes no group that is none', async () => {
    const both = await joined(base);
    open.add(both.subscription);
    for (const group of [{}, { id: 1 }, 5, null]) {
      expect(() => both.client.socket.setRateLimitGroup(group as never)).toThrow(TypeError);
      expect(() => base.listen({ rateLimitGroup: group as never })).toThrow(TypeError);
    }
  });
});
