import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { firstValueFrom, map, type Subscription } from 'rxjs';
import { EventBase, lines, sendTo, serve, type EventBaseStats } from 'rxjs-libevent';
import { until } from '../support/until';

/** Lines in one packet, and packets: about a thousand lines. */
const IN_FLIGHT = 16;
const ROUNDS = 64;
const LINE = `${'x'.repeat(63)}\n`;

/** What the work of a run has cost, by the base's own counters. */
async function costOf(
  base: EventBase,
  run: () => Promise<void>,
): Promise<Record<keyof EventBaseStats, number>> {
  const before = base.stats;
  await run();
  const after = base.stats;
  const names = Object.keys(after) as (keyof EventBaseStats)[];
  return Object.fromEntries(names.map((name) => [name, after[name] - before[name]])) as Record<
    keyof EventBaseStats,
    number
  >;
}

/** Sends a packet and waits until as many bytes have come back, again and again. */
async function pingPong(socket: Socket, packet: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    socket.write(packet);
    for (let bytes = 0; bytes < packet.length;) {
      const [data] = (await once(socket, 'data')) as [Buffer];
      bytes += data.length;
    }
  }
}

describe.each([0, 'auto', 1] as const)('a thousand lines, in counts, threads: %p', (threads) => {
  let base: EventBase;
  let server: Subscription;
  let socket: Socket;

  beforeEach(async () => {
    base = new EventBase({ threads });
    const listener = base.listen({ port: 0, host: '127.0.0.1' });
    const bound = firstValueFrom(listener.bound);
    server = listener
      .pipe(
        serve((conn) =>
          conn.pipe(
            lines(),
            map((line) => `${line}\n`),
            sendTo(conn),
          ),
        ),
      )
      .subscribe();
    socket = connect((await bound).port, '127.0.0.1');
    await once(socket, 'connect');
    await pingPong(socket, LINE);
  });

  afterEach(async () => {
    socket.destroy();
    server.unsubscribe();
    await base.close();
  });

  it('is one receive and one send a packet, whatever the lines in it', async () => {
    const cost = await costOf(base, () => pingPong(socket, LINE.repeat(IN_FLIGHT)));
    expect(cost.receives).toBeLessThanOrEqual(ROUNDS * 1.1);
    expect(cost.sends).toBeLessThanOrEqual(ROUNDS * 1.1);
    // A send is counted when it has been made, and the peer may have its bytes before that.
    const sentBytes = ROUNDS * (1 + IN_FLIGHT) * LINE.length;
    await until(() => base.stats.sentBytes >= sentBytes);
    expect(base.stats.sentBytes).toBe(sentBytes);
  });

  it('copies nothing into libevent while the socket takes all', async () => {
    const cost = await costOf(base, () => pingPong(socket, LINE.repeat(IN_FLIGHT)));
    expect(cost.copies).toBe(0);
    expect(cost.references).toBe(0);
  });

  it('is one crossing each way a packet: a drain and a wake-up', async () => {
    const cost = await costOf(base, () => pingPong(socket, LINE.repeat(IN_FLIGHT)));
    expect(cost.drains).toBeLessThanOrEqual(ROUNDS * 1.1);
    expect(cost.wakes).toBeLessThanOrEqual(ROUNDS * 1.1);
    expect(cost.signals).toBeLessThanOrEqual(threads === 0 ? 0 : ROUNDS * 1.1);
  });

  it('is two submissions a packet at the most: the answer, and credit now and then', async () => {
    const cost = await costOf(base, () => pingPong(socket, LINE.repeat(IN_FLIGHT)));
    expect(cost.taken).toBeLessThanOrEqual(ROUNDS * 1.2);
  });

  it('wakes a busy reactor less often than once a packet when packets come together', async () => {
    const others = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const other = connect(socket.remotePort ?? 0, '127.0.0.1');
        await once(other, 'connect');
        return other;
      }),
    );
    const cost = await costOf(base, async () => {
      await Promise.all(others.map((other) => pingPong(other, LINE.repeat(IN_FLIGHT))));
    });
    const packets = ROUNDS * others.length;
    expect(cost.receives).toBeLessThanOrEqual(packets * 1.1);
    expect(cost.sends).toBeLessThanOrEqual(packets * 1.1);
    expect(cost.wakes).toBeLessThan(packets / 2);
    expect(cost.drains).toBeLessThan(packets / 2);
    // Without a thread nothing goes on meanwhile, so what a drain leads to is one call.
    if (threads === 0) expect(cost.wakes).toBeLessThanOrEqual(cost.drains * 1.1);
    for (const other of others) other.destroy();
  });

  it('receives a chunk in one piece, wherever in the memory it falls', async () => {
    const chunk = `${'x'.repeat(29_999)}\n`;
    await pingPong(socket, chunk);
    const cost = await costOf(base, () => pingPong(socket, chunk));
    expect(cost.receives).toBeLessThanOrEqual(ROUNDS * 1.1);
    expect(cost.sends).toBeLessThanOrEqual(ROUNDS * 1.1);
  });

  it('is six completions and three submissions for a connection that comes and goes', async () => {
    const cost = await costOf(base, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const other = connect(socket.remotePort ?? 0, '127.0.0.1').resume();
        other.end();
        await once(other, 'close');
      }
    });
    expect(cost.accepts).toBe(ROUNDS);
    expect(cost.receives).toBe(ROUNDS);
    // Three for the accept with its addresses; the end, the FIN and the close.
    expect(cost.posted).toBeLessThanOrEqual(ROUNDS * 6);
    // Adopt, read, close; and credit for 32 at a time.
    expect(cost.taken).toBeLessThanOrEqual(ROUNDS * 3.0625);
  });
});
