import { firstValueFrom, interval, lastValueFrom, map, of, Subject, toArray } from 'rxjs';
import { sendTo } from 'rxjs-libevent';
import { Loopback, readStuffing } from './support/Loopback';

const CHUNK = Buffer.alloc(1 << 20);

describe('A reader that does not keep up', () => {
  let loopback: Loopback;

  beforeEach(async () => {
    loopback = await Loopback.open();
  });

  afterEach(() => loopback.close());

  it('with drop misses the newest values, which are counted, and gets those after', async () => {
    const { conn, peer } = await loopback.saturated();
    const source = new Subject<string>();
    source.pipe(sendTo(conn, { whenSaturated: 'drop', dropAboveBytes: 65536 })).subscribe();
    source.next('lost');
    source.next('lost, too');
    expect(conn.dropped).toBe(2);
    const drained = firstValueFrom(conn.drained);
    await readStuffing(peer);
    await drained;
    expect(conn.saturated).toBe(false);
    const received = new Promise((resolve) => peer.on('data', (data) => resolve(String(data))));
    source.next('back again');
    peer.resume();
    await expect(received).resolves.toBe('back again');
    expect(conn.dropped).toBe(2);
  });

  it('with close is closed with ERR_SATURATED', async () => {
    const { conn } = await loopback.saturated();
    const sent = lastValueFrom(of('one too many').pipe(sendTo(conn, { whenSaturated: 'close' })));
    await expect(sent).rejects.toMatchObject({ code: 'ERR_SATURATED', syscall: 'write' });
    await lastValueFrom(conn.whenClosed);
    expect([conn.closed, conn.outputBytes]).toEqual([true, 0]);
  });

  it('with hold stops only sources that can be held', async () => {
    const { conn: sink } = await loopback.saturated();
    const { conn: source, peer } = await loopback.pair();
    source.pipe(sendTo(sink, { whenSaturated: 'hold' })).subscribe({ error: () => {} });
    peer.write('x');
    await firstValueFrom(source);
    expect([source.heldBy, sink.dropped]).toEqual([[sink], 0]);
  });

  it('ends with ERR_MAX_OUTPUT_BYTES, never without bound, where nobody can be held', async () => {
    const { conn } = await loopback.pair();
    // A timer has no scope: the hold holds nothing.
    const failed = lastValueFrom(
      interval(0).pipe(
        map(() => CHUNK),
        sendTo(conn),
      ),
    );
    await expect(failed).rejects.toMatchObject({
      code: 'ERR_MAX_OUTPUT_BYTES',
      message: expect.stringContaining('16777216 bytes') as string,
    });
  });

  it('is refused at the bound, to the byte', async () => {
    await loopback.close();
    loopback = await Loopback.open({ write: { high: 10 }, maxOutputBytes: 20 });
    const { conn } = await loopback.pair();
    const errors = lastValueFrom(conn.events.pipe(toArray()));
    conn.next('x'.repeat(20));
    expect(conn.closed).toBe(false);
    conn.next('x'.repeat(21));
    expect(conn.writable).toBe(false);
    expect(await errors).toContainEqual({ type: 'closed' });
    expect(conn.failure).toMatchObject({ code: 'ERR_MAX_OUTPUT_BYTES' });
  });

  it('is seen while it happens, and lets sources go when the marks are raised', async () => {
    const { conn: sink, peer: reader } = await loopback.saturated();
    const { conn: source, peer } = await loopback.pair();
    const events: string[] = [];
    sink.events.subscribe(({ type }) => events.push(type));
    source.subscribe(sink);
    const arrived = firstValueFrom(source);
    peer.write('x');
    await arrived;
    expect([sink.saturated, source.held, sink.outputBytes > 1 << 20]).toEqual([true, true, true]);

    sink.setWatermarks({ write: { low: 1 << 25, high: 1 << 26 } });
    expect([sink.saturated, source.held, events]).toEqual([false, false, ['drained']]);
    sink.setWatermarks({ write: { low: 0, high: 1 } });
    expect([sink.saturated, events]).toEqual([true, ['drained', 'saturated']]);
    const drained = new Promise<void>((resolve) => {
      sink.drained.subscribe(resolve);
    });
    reader.resume();
    await drained;
    expect([sink.outputBytes, sink.saturated]).toEqual([0, false]);
  });
});
