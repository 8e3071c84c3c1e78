import { of } from 'rxjs';
import { sendTo } from 'rxjs-libevent';
import { type Harness, codeOf } from './Harness';
import { events, passTime, observed } from './observed';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** How connections end, by either side, and what is reported of it. */
export function ending(harness: Harness, it: It): void {
  const { until, settled } = {
    until: harness.until.bind(harness),
    settled: () => harness.settled(),
  };

  it('reads on after its own FIN', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    conn.complete();
    await until('the FIN', () => remote.seen.includes('fin'));
    remote.send('still');
    await until('the bytes', () => seen.bytes.length === 5);
    expect(seen.log).toEqual([]);
  });

  it('is gone when both sides have ended', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    observed(conn);
    conn.complete();
    remote.end();
    await until('the end', () => log.includes('closed'));
    expect([...log].sort()).toEqual(['closed', 'eof', 'finished']);
    expect(log.at(-1)).toBe('closed');
  });

  it('reports whenClosed once, and late ones at once', async () => {
    const { conn, remote } = await harness.open();
    const log: string[] = [];
    conn.whenClosed.subscribe({
      next: () => log.push('next'),
      complete: () => log.push('complete'),
    });
    observed(conn);
    conn.complete();
    remote.end();
    await until('the end', () => log.includes('complete'));
    conn.whenClosed.subscribe({
      next: () => log.push('late'),
      complete: () => log.push('complete'),
    });
    expect(log).toEqual(['next', 'complete', 'late', 'complete']);
  });

  it('fails when the peer resets it', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    remote.reset();
    await until('the end', () => seen.log.length > 0);
    expect(seen.log).toEqual(['E:ECONNRESET']);
    expect(codeOf(conn.failure)).toBe('ECONNRESET');
  });

  it('T6: delivers what came before the reset', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    remote.send('tail');
    await until('the tail', () => seen.bytes.length === 4);
    remote.reset();
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['tail', 'E:ECONNRESET']);
  });

  it('delivers what came before the reset to a source that was held', async () => {
    const { conn, remote } = await harness.open();
    const [log, seen] = [events(conn), observed(conn)];
    const release = conn.hold();
    await settled();
    remote.send('tail');
    await settled();
    remote.reset();
    await until('the hangup', () => log.includes('hangup:ECONNRESET'));
    expect(seen.bytes.length + seen.log.length).toBe(0);
    release();
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['tail', 'E:ECONNRESET']);
  });

  it('reports a peer that has ended once, however often reading stops in front of its bytes', async () => {
    const { conn, remote } = await harness.open({ read: { high: 2, low: 1 } });
    const log = events(conn);
    remote.send('abcdef');
    remote.end();
    await settled();
    let release: (() => void) | undefined;
    let text = '';
    conn.subscribe((chunk) => {
      text += String(chunk);
      release = conn.hold();
    });
    for (const bytes of [2, 4, 6]) {
      await until('more bytes', () => text.length === bytes);
      await settled();
      release?.();
    }
    await until('the end', () => log.includes('eof'));
    expect(log.slice(0, 2)).toEqual(['hangup', 'eof']);
  });

  it('fails for a subscriber that comes after the reset', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    remote.reset();
    await until('the end', () => log.includes('closed'));
    const late = observed(conn);
    expect(late.log).toEqual(['E:ECONNRESET']);
  });

  it('does not take a reset for the end while output waits', async () => {
    const { conn, remote } = await harness.open();
    const [log, seen] = [events(conn), observed(conn)];
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    await settled();
    remote.reset();
    await until('the end', () => log.includes('closed'));
    expect(seen.log).toEqual(['E:ECONNRESET']);
    expect(log).not.toContain('eof');
  });

  it('reports of the error before it is delivered, and of the closing last', async () => {
    const { conn, remote } = await harness.open();
    const order = events(conn);
    conn.subscribe({ error: () => order.push('delivered') });
    remote.reset();
    await until('the end', () => order.includes('closed'));
    expect(order).toEqual(['error:read:ECONNRESET', 'delivered', 'closed']);
  });

  it('fails sendTo when the peer resets it', async () => {
    const { conn, remote } = await harness.open();
    observed(conn);
    remote.read(false);
    const codes: string[] = [];
    of(zeros(harness.moreThanSystem))
      .pipe(sendTo(conn))
      .subscribe({ error: (error: unknown) => codes.push(codeOf(error)) });
    await settled();
    remote.reset();
    await until('the failure', () => codes.length > 0);
    expect(codes).toEqual(['ECONNRESET']);
  });

  it('writes nothing after a reset, and says so', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    observed(conn);
    remote.reset();
    await until('the end', () => log.includes('closed'));
    conn.next('lost');
    expect([conn.closed, conn.writable, conn.refused, conn.outputBytes]).toEqual([
      true,
      false,
      1,
      0,
    ]);
  });

  it('sends RST by reset(), and completes its subscribers', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    conn.reset();
    expect(seen.log).toEqual(['C']);
    await until('the RST', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['rst']);
  });

  it('sends RST by error(), and fails its subscribers', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    conn.error(Object.assign(new Error('failed source'), { code: 'FAILED' }));
    expect(seen.log).toEqual(['E:FAILED']);
    await until('the RST', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['rst']);
  });

  it('ends with FIN when it is destroyed with nothing unread', async () => {
    const { conn, remote } = await harness.open();
    const seen = observed(conn);
    conn.destroy();
    expect(seen.log).toEqual(['C']);
    await until('the end', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['fin']);
  });

  it('ends with RST when it is destroyed with bytes unread', async () => {
    const { conn, remote } = await harness.open();
    remote.send('unread');
    await settled();
    conn.destroy();
    await until('the end', () => remote.seen.length > 0);
    expect(remote.seen).toEqual(['rst']);
  });

  it('loses what waits when it is destroyed', async () => {
    const { conn, remote } = await harness.open();
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    await settled();
    conn.destroy();
    remote.read(true);
    await until('the end', () => remote.seen.length > 0);
    expect(remote.received.length).toBeLessThan(harness.moreThanSystem);
  });

  it('is destroyed once', async () => {
    const { conn } = await harness.open();
    const log = events(conn);
    conn.destroy();
    conn.destroy();
    conn.reset();
    await until('the end', () => log.includes('closed'));
    await settled();
    expect(log).toEqual(['closed']);
  });

  it('flushes by close(), and waits for the peer', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    conn.next('bye');
    conn.close();
    await until('the FIN', () => remote.seen.length > 0);
    expect([remote.received.toString(), ...remote.seen]).toEqual(['bye', 'fin']);
    expect(log).not.toContain('closed');
    remote.end();
    await until('the end', () => log.includes('closed'));
  });

  it('completes its subscribers by close(), and throws away what still comes', async () => {
    const { conn, remote } = await harness.open();
    const [log, seen] = [events(conn), observed(conn)];
    conn.close();
    expect(seen.log).toEqual(['C']);
    await until('the FIN', () => remote.seen.length > 0);
    remote.send(Buffer.alloc(100_000));
    remote.end();
    await until('the end', () => log.includes('closed'));
    expect([seen.bytes.length, ...remote.seen]).toEqual([0, 'fin']);
  });

  it('goes at the deadline of close() when the peer does not end', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    conn.close(30);
    await until('the end', () => log.includes('closed'));
    expect(remote.seen.includes('rst')).toBe(false);
  });

  it('T9: a reader that is slow, but steady, is not cut by the deadline of close()', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    remote.read(false);
    conn.next(zeros(harness.moreThanSystem));
    remote.end();
    conn.close(1000);
    await passTime(harness, 100, 12, () => {
      remote.take(harness.moreThanSystem / 12);
    });
    remote.read(true);
    await until('the closing', () => log.includes('closed') && remote.seen.length > 0);
    expect([remote.received.length, ...remote.seen]).toEqual([harness.moreThanSystem, 'fin']);
  });

  it('goes at once when it is destroyed while it closes', async () => {
    const { conn } = await harness.open();
    const log = events(conn);
    conn.close();
    await settled();
    expect(log).not.toContain('closed');
    conn.destroy();
    await until('the end', () => log.includes('closed'));
  });

  it('lets the peer reset it while it closes', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    conn.close();
    await until('the FIN', () => remote.seen.length > 0);
    remote.reset();
    await until('the end', () => log.includes('closed'));
  });

  it('fails with ETIMEDOUT when nothing comes for too long', async () => {
    const { conn } = await harness.open({ readTimeoutMs: 30 });
    const [seen, log] = [observed(conn), events(conn)];
    await until('the timeout', () => log.includes('closed'));
    expect([log[0], ...seen.log]).toEqual(['timeout:read', 'E:ETIMEDOUT']);
  });

  it('T6: delivers what came before the timeout', async () => {
    const { conn, remote } = await harness.open({ readTimeoutMs: 30 });
    const seen = observed(conn);
    remote.send('before');
    await until('the timeout', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['before', 'E:ETIMEDOUT']);
  });

  it('goes on after a timeout that is only an event, and reports the next', async () => {
    const { conn, remote } = await harness.open({ readTimeoutMs: 20, whenTimeout: 'event' });
    const [seen, log] = [observed(conn), events(conn)];
    await until('two timeouts', () => log.length >= 2);
    remote.send('late');
    await until('the bytes', () => seen.bytes.length === 4);
    expect(log.slice(0, 2)).toEqual(['timeout:read', 'timeout:read']);
    conn.destroy();
  });

  it('has no read timeout while nobody reads', async () => {
    const idle = await harness.open({ readTimeoutMs: 20 });
    const log = events(idle.conn);
    const other = await harness.open({ readTimeoutMs: 60 });
    const clock = observed(other.conn);
    await until('three times as long', () => clock.log.length > 0);
    expect(log).toEqual([]);
    idle.conn.destroy();
  });

  it('has no read timeout while it is held', async () => {
    const held = await harness.open({ readTimeoutMs: 20 });
    const log = events(held.conn);
    observed(held.conn);
    const release = held.conn.hold();
    const other = await harness.open({ readTimeoutMs: 60 });
    const clock = observed(other.conn);
    await until('three times as long', () => clock.log.length > 0);
    expect(log).toEqual([]);
    release();
    await until('the timeout', () => log.length > 0);
    expect(log[0]).toBe('timeout:read');
  });
}
