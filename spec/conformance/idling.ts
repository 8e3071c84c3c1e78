import type { Connection, LibeventError } from 'rxjs-libevent';
import type { Harness } from './Harness';
import { events, passTime, observed } from './observed';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** When a connection with `idleTimeoutMs` is idle, and what comes of it. */
export function idling(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);

  const ticks = (count: number, tick: () => void): Promise<void> =>
    passTime(harness, 20, count, tick);

  const syscallOf = (conn: Connection): string => (conn.failure as LibeventError).syscall;

  it('fails with ETIMEDOUT when nothing is received or sent for too long', async () => {
    const { conn } = await harness.open({ idleTimeoutMs: 40 });
    const [seen, log] = [observed(conn), events(conn)];
    await until('the timeout', () => log.includes('closed'));
    expect([log[0], ...seen.log]).toEqual(['timeout:idle', 'E:ETIMEDOUT']);
    expect(syscallOf(conn)).toBe('idle');
  });

  it('T6: delivers what came before the idle timeout', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 40 });
    const seen = observed(conn);
    remote.send('before');
    await until('the timeout', () => seen.log.length > 0);
    expect([seen.bytes.toString(), ...seen.log]).toEqual(['before', 'E:ETIMEDOUT']);
  });

  it('is not idle while it receives', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 100 });
    const [seen, log] = [observed(conn), events(conn)];
    await ticks(10, () => {
      remote.send('x');
    });
    expect(log).toEqual([]);
    await until('the timeout', () => seen.log.length > 0);
    expect(seen.bytes.toString()).toBe('x'.repeat(10));
  });

  it('is not idle while it sends', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 100 });
    const log = events(conn);
    await ticks(10, () => {
      conn.next('x');
    });
    expect(log).toEqual([]);
    await until('the timeout', () => log.includes('closed') && remote.received.length >= 10);
    expect([remote.received.toString(), log[0]]).toEqual(['x'.repeat(10), 'timeout:idle']);
  });

  it('is not idle while it is held, and from the release on it is', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 20 });
    const [seen, log] = [observed(conn), events(conn)];
    const release = conn.hold();
    remote.send('waits');
    await ticks(4, () => undefined);
    expect(log).toEqual([]);
    release();
    await until('the timeout', () => seen.log.length > 0);
    expect([seen.bytes.toString(), log[0]]).toEqual(['waits', 'timeout:idle']);
  });

  it('is not idle while it is held and nobody has subscribed yet', async () => {
    const { conn } = await harness.open({ idleTimeoutMs: 20 });
    const log = events(conn);
    const release = conn.hold();
    await ticks(4, () => undefined);
    expect(log).toEqual([]);
    release();
    await until('the timeout', () => log.length > 0);
    expect(log[0]).toBe('timeout:idle');
  });

  it('is idle while it is held, too, when its peer takes nothing of what waits', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 40 });
    const [seen, log] = [observed(conn), events(conn)];
    remote.read(false);
    conn.hold();
    conn.next(zeros(harness.moreThanSystem));
    await until('the timeout', () => log.includes('closed'));
    expect([log.includes('timeout:idle'), ...seen.log]).toEqual([true, 'E:ETIMEDOUT']);
  });

  it('is idle when nobody reads it', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 40 });
    const log = events(conn);
    remote.send('unread');
    await until('the timeout', () => log.includes('closed'));
    expect(log[0]).toBe('timeout:idle');
  });

  it('is idle behind its own FIN, when the peer does not end', async () => {
    const { conn } = await harness.open({ idleTimeoutMs: 40 });
    const [seen, log] = [observed(conn), events(conn)];
    conn.complete();
    await until('the timeout', () => log.includes('closed'));
    expect([log, seen.log]).toEqual([['finished', 'timeout:idle', 'closed'], ['E:ETIMEDOUT']]);
  });

  it('is left to the deadline while it closes', async () => {
    const { conn } = await harness.open({ idleTimeoutMs: 10 });
    const log = events(conn);
    conn.close(80);
    await until('the deadline', () => log.includes('closed'));
    expect(log).not.toContain('timeout:idle');
  });

  it('goes on after an idle timeout that is only an event, and reports the next', async () => {
    const { conn, remote } = await harness.open({ idleTimeoutMs: 20, whenTimeout: 'event' });
    const [seen, log] = [observed(conn), events(conn)];
    await until('two timeouts', () => log.length >= 2);
    remote.send('late');
    await until('the bytes', () => seen.bytes.length === 4);
    expect(log.slice(0, 2)).toEqual(['timeout:idle', 'timeout:idle']);
    conn.destroy();
  });

  it('has another idle timeout from setTimeouts on, or none', async () => {
    const { conn } = await harness.open({ idleTimeoutMs: 2 ** 31 - 1 });
    const log = events(conn);
    conn.setTimeouts({ idleTimeoutMs: 20 });
    conn.setTimeouts({ idleTimeoutMs: 0, readTimeoutMs: 0 });
    await ticks(4, () => undefined);
    expect(log).toEqual([]);
    conn.setTimeouts({ idleTimeoutMs: 20 });
    conn.setTimeouts({ writeTimeoutMs: 1000 });
    await until('the timeout', () => log.includes('closed'));
    expect(log[0]).toBe('timeout:idle');
    conn.setTimeouts({ idleTimeoutMs: 10 });
  });

  it('takes the idle timeout that a listener or a connect is given', async () => {
    const accepted: Connection[] = [];
    const { listener, dial } = harness.server({ idleTimeoutMs: 20 });
    const listening = listener.subscribe((conn) => accepted.push(conn));
    await dial();
    const { connect } = await harness.target();
    const errors: unknown[] = [];
    connect({ idleTimeoutMs: 20 }).subscribe({ error: (error) => errors.push(error) });
    await until('both timeouts', () => errors.length > 0 && accepted[0]?.closed === true);
    expect((errors[0] as LibeventError).syscall).toBe('idle');
    expect(syscallOf(accepted[0]!)).toBe('idle');
    listening.unsubscribe();
  });
}
