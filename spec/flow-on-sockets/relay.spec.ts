import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { filter, firstValueFrom, map, merge, type Observable } from 'rxjs';
import { sendTo, type Connection } from 'rxjs-libevent';
import { Loopback } from './support/Loopback';
import { atRest } from './support/passesMeanwhile';
import { sha256, sha256Of } from './support/sha256';

const SENT = randomBytes(48 << 20);

function saturatedBy(sink: Connection): Promise<unknown> {
  return firstValueFrom(sink.events.pipe(filter(({ type }) => type === 'saturated')));
}

describe('A relay', () => {
  let loopback: Loopback;

  beforeEach(async () => {
    loopback = await Loopback.open();
  });

  afterEach(() => loopback.close());

  it.each<[string, (from: Connection, to: Connection) => void]>([
    ['source.subscribe(sink)', (from, to) => from.subscribe(to)],
    ['sendTo', (from, to) => from.pipe(sendTo(to)).subscribe({ complete: () => to.complete() })],
    ['plain operators', (from, to) => merge(from.pipe(map((chunk) => chunk))).subscribe(to)],
  ])('stalls with its reader, within its marks, and loses nothing: %s', async (_, relay) => {
    const { conn: from, peer: sender } = await loopback.pair();
    const { conn: to, peer: reader } = await loopback.pair();
    relay(from, to);
    sender.end(SENT);
    await saturatedBy(to);

    await atRest(loopback.base);
    expect([to.saturated, from.held, from.heldBy]).toEqual([true, true, [to]]);
    const { read, write } = to.marks;
    // One chunk, of at most read.high bytes, may lift the output above its mark.
    expect(to.outputBytes).toBeLessThanOrEqual(write.high + read.high);
    expect(from.inputBytes).toBeLessThanOrEqual(read.high);
    expect(loopback.base.stats.receivedBytes).toBeLessThan(SENT.length / 2);

    await expect(sha256Of(reader)).resolves.toBe(sha256(SENT));
  });

  it('with a closed sink lets its source go', async () => {
    const { conn: from, peer: sender } = await loopback.pair();
    const { conn: to } = await loopback.pair();
    from.subscribe(to);
    sender.end(SENT);
    await saturatedBy(to);
    to.destroy();
    await firstValueFrom(to.whenClosed);
    expect(from.held).toBe(false);
    let received = 0;
    await new Promise<void>((resolve) => {
      from.subscribe({
        next: (chunk) => (received += chunk.length),
        complete: resolve,
      });
    });
    expect(received).toBeGreaterThan(0);
  });

  it('of several sources holds those that fill the sink, until it has drained', async () => {
    const ends = await Promise.all([1, 2, 3].map(() => loopback.pair()));
    const sources = ends.map(({ conn }) => conn);
    const { conn: to, peer: reader } = await loopback.pair();
    merge(...sources).subscribe(to);
    for (const { peer } of ends) peer.end(SENT.subarray(0, 16 << 20));
    // Each is held by its first chunk after the saturation.
    while (!sources.every(({ held }) => held)) await turn();
    expect(sources.every(({ heldBy }) => heldBy.length === 1 && heldBy[0] === to)).toBe(true);
    await atRest(loopback.base);
    let received = 0;
    await new Promise<void>((resolve) => {
      reader.on('data', (data) => (received += data.length)).on('end', resolve);
    });
    expect(received).toBe(3 * (16 << 20));
  });

  it('to a cycle, an echo to a peer that never reads, stalls within its marks', async () => {
    const { conn, peer } = await loopback.pair();
    const echo: Observable<Buffer> = conn;
    echo.subscribe(conn);
    peer.end(SENT);
    await saturatedBy(conn);
    await atRest(loopback.base);
    expect(conn.heldBy).toEqual([conn]);
    expect(conn.outputBytes).toBeLessThanOrEqual(conn.marks.write.high + conn.marks.read.high);
    expect(conn.inputBytes).toBeLessThanOrEqual(conn.marks.read.high);
    await expect(sha256Of(peer)).resolves.toBe(sha256(SENT));
  });
});
