import { firstValueFrom, forkJoin } from 'rxjs';
import { EventBase, sendTo, type Connection, type RateLimitGroup } from 'rxjs-libevent';
import { Meeting } from '../connection/support/Meeting';

/** Everything that can still be called on a connection that is gone. Refusing is as good. */
const calls: [name: string, call: (dead: Connection, group: RateLimitGroup) => unknown][] = [
  ['next', (dead) => dead.next('x')],
  ['next of much', (dead) => dead.next(Buffer.alloc(100_000))],
  ['send', (dead) => dead.send('x', 'drop')],
  ['complete', (dead) => dead.complete()],
  ['error', (dead) => dead.error(new Error('late'))],
  ['reset', (dead) => dead.reset()],
  ['destroy', (dead) => dead.destroy()],
  ['close', (dead) => dead.close()],
  ['hold and release', (dead) => dead.hold()()],
  ['subscribe', (dead) => dead.subscribe({ error: () => {} }).unsubscribe()],
  ['unread', (dead) => dead.unread(Buffer.from('x'))],
  ['sendTo', (dead) => dead.pipe(sendTo(dead)).subscribe({ error: () => {} })],
  ['sendFile', (dead) => dead.sendFile(__filename).subscribe({ error: () => {} })],
  ['setTimeouts', (dead) => dead.setTimeouts({ readTimeoutMs: 1, writeTimeoutMs: 1 })],
  ['setWatermarks', (dead) => dead.setWatermarks({ read: { low: 1, high: 2 } })],
  ['setWatermarks of the output', (dead) => dead.setWatermarks({ write: { low: 0, high: 1 } })],
  ['setRateLimit', ({ socket }) => socket.setRateLimit({ readBytesPerSecond: 1000 })],
  ['setRateLimit to none', ({ socket }) => socket.setRateLimit(undefined)],
  ['setRateLimitGroup', ({ socket }, group) => socket.setRateLimitGroup(group)],
  ['setRateLimitGroup to none', ({ socket }) => socket.setRateLimitGroup(undefined)],
  ['setPriority', ({ socket }) => socket.setPriority(0)],
  ['trigger of read', ({ socket }) => socket.trigger('read')],
  ['trigger of write', ({ socket }) => socket.trigger('write')],
];

/** How the connection has gone. */
const ends: [name: string, end: (conn: Connection) => void][] = [
  ['destroyed', (conn) => conn.destroy()],
  ['reset', (conn) => conn.reset()],
];

describe.each(ends)('leases: a connection that was %s', (_end, end) => {
  let meeting: Meeting;
  let dead: Connection;
  let group: RateLimitGroup;
  beforeAll(async () => {
    meeting = await Meeting.open({}, { priorities: 2, threads: 1 });
    group = meeting.base.rateLimitGroup({ readBytesPerSecond: 1e6 });
    const { connection } = await meeting.meet();
    connection.subscribe({ error: () => {} });
    dead = connection;
    // Made while it lives, as who keeps it does.
    expect(dead.socket.fd).toBeGreaterThan(0);
    const closed = firstValueFrom(dead.whenClosed);
    end(dead);
    await closed;
  });
  afterAll(() => meeting.close());

  const fence = async (): Promise<number> => {
    await firstValueFrom(meeting.base.timer(0));
    await firstValueFrom(meeting.base.timer(0));
    return meeting.base.stats.taken;
  };

  it.each(calls)('submits nothing for %s', async (_name, call) => {
    const before = await fence();
    const cost = (await fence()) - before;
    try {
      call(dead, group);
    } catch (error) {
      expect((error as Error).name).toBe('LibeventError');
    }
    // What a call leads to in later turns counts, too.
    for (let turn = 0; turn < 5; turn += 1) await new Promise((done) => setImmediate(done));
    expect((await fence()) - before - cost).toBe(cost);
  });
});

describe('leases: what else has ended submits nothing', () => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase({ threads: 1 });
  });
  afterEach(() => base.close());

  const fence = async (): Promise<number> => {
    await firstValueFrom(base.timer(0));
    await firstValueFrom(base.timer(0));
    return base.stats.taken;
  };

  const taken = async (call: () => void): Promise<number> => {
    const before = await fence();
    const cost = (await fence()) - before;
    call();
    return (await fence()) - before - 2 * cost;
  };

  it('an event on a descriptor: activate, hold, release', async () => {
    const event = base.fd(-1);
    event.subscribe().unsubscribe();
    expect(
      await taken(() => {
        event.activate('read');
        event.hold()();
      }),
    ).toBe(0);
  });

  it('a group of rate limits: its closing again', async () => {
    const group = base.rateLimitGroup({ readBytesPerSecond: 1000 });
    group.close();
    expect(await taken(() => group.close())).toBe(0);
  });

  it('a listener: hold and release', async () => {
    const listener = base.listen({ host: '127.0.0.1' });
    listener.subscribe().unsubscribe();
    expect(await taken(() => listener.hold()())).toBe(0);
  });
});

describe('leases: the place of a connection that is gone', () => {
  const effects: [name: string, call: (dead: Connection, time: number) => void][] = [
    ['setTimeouts', (dead, time) => dead.setTimeouts({ readTimeoutMs: 1 + (time % 2) })],
    [
      'setRateLimit',
      ({ socket }) => socket.setRateLimit({ readBytesPerSecond: 1, tickMs: 60_000 }),
    ],
  ];

  let meeting: Meeting;
  beforeEach(async () => {
    meeting = await Meeting.open({}, { threads: 1 });
  });
  afterEach(() => meeting.close());

  it.each(effects)('may be reused 4,096 times: %s changes nobody else', async (_name, call) => {
    const { base } = meeting;
    const { connection: dead } = await meeting.meet();
    expect(dead.socket.fd).toBeGreaterThan(0);
    const gone = firstValueFrom(dead.whenClosed);
    dead.destroy();
    await gone;
    for (let reuse = 0; reuse < 4085; reuse += 1) {
      const ends = base.pair();
      const closed = firstValueFrom(forkJoin(ends.map((one) => one.whenClosed)));
      for (const one of ends) one.destroy();
      await closed;
    }
    // A pair has two places, so one more connection stands beside the one that is looked at.
    for (let reuse = 0; reuse < 40; reuse += 1) {
      const { connection: beside } = await meeting.meet();
      const ending: unknown[] = [];
      beside.subscribe({ error: (error: unknown) => ending.push(error) });
      const { connection, peer } = await meeting.meet();
      let bytes = 0;
      connection.subscribe({
        next: (chunk) => {
          bytes += chunk.length;
        },
        error: (error: unknown) => ending.push(error),
      });
      try {
        call(dead, reuse);
      } catch (error) {
        expect((error as Error).name).toBe('LibeventError');
      }
      // Longer than the timeout that is not its own.
      await firstValueFrom(base.timer(5));
      peer.write(Buffer.alloc(1000));
      for (let round = 0; round < 20; round += 1) await firstValueFrom(base.timer(0));
      expect({ reuse, ending, bytes }).toEqual({ reuse, ending: [], bytes: 1000 });
      const closed = firstValueFrom(
        forkJoin([beside, connection].map(({ whenClosed }) => whenClosed)),
      );
      connection.destroy();
      beside.destroy();
      await closed;
    }
  });
});
