import { EMPTY, type Observable, Subject, concat, of, switchMap, throwError } from 'rxjs';
import { relay, sendTo, serve } from 'rxjs-libevent';
import { type Harness, type Pair, codeOf } from './Harness';
import { pattern } from '../support/pattern.cjs';
import { observed } from './observed';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** Two connections that are joined, and the end of a source that is forwarded. */
export function relaying(harness: Harness, it: It): void {
  const until = harness.until.bind(harness);

  async function joined(config = {}): Promise<{ a: Pair; b: Pair; log: string[] }> {
    const [a, b] = [await harness.open(config), await harness.open(config)];
    return { a, b, log: logOf(a, b) };
  }

  function logOf(a: Pair, b: Pair): string[] {
    const log: string[] = [];
    relay(a.conn, b.conn).subscribe({
      error: (error: unknown) => log.push(codeOf(error)),
      complete: () => log.push('complete'),
    });
    return log;
  }

  it('relays both ways, and completes when both have ended', async () => {
    const { a, b, log } = await joined();
    a.remote.send('from a');
    b.remote.send('from b');
    await until('both', () => a.remote.received.length + b.remote.received.length === 12);
    expect([String(b.remote.received), String(a.remote.received)]).toEqual(['from a', 'from b']);
    a.remote.end();
    await until('the FIN of a', () => b.remote.seen.length > 0);
    expect([b.remote.seen, log]).toEqual([['fin'], []]);
    b.remote.end();
    await until('the end', () => a.remote.seen.length > 0 && a.conn.closed && b.conn.closed);
    expect([a.remote.seen, log]).toEqual([['fin'], ['complete']]);
  });

  it('T4: passes a half-close as a half-close, with allowHalfOpen or without', async () => {
    for (const allowHalfOpen of [false, true]) {
      const { a, b, log } = await joined({ allowHalfOpen });
      a.remote.send('question');
      a.remote.end();
      await until('the FIN', () => b.remote.seen.includes('fin'));
      await harness.settled();
      b.remote.send('answer');
      b.remote.end();
      await until('the end', () => a.remote.seen.length > 0 && log.length > 0);
      expect(String(a.remote.received)).toBe('answer');
      expect([a.remote.seen, log]).toEqual([['fin'], ['complete']]);
    }
  });

  it('passes a reset as a reset, in either direction', async () => {
    for (const first of ['a', 'b'] as const) {
      const ends = await joined();
      const { log } = ends;
      const other = first === 'a' ? ends.b : ends.a;
      ends[first].remote.reset();
      await until('the reset', () => other.remote.seen.length > 0 && log.length > 0);
      expect([other.remote.seen, log]).toEqual([['rst'], ['ECONNRESET']]);
      await until('both', () => ends.a.conn.closed && ends.b.conn.closed);
    }
  });

  it('T2: resets the other one of a connection that is ended from this side', async () => {
    for (const how of ['destroy', 'reset', 'close'] as const) {
      const { a, b } = await joined();
      a.conn[how]();
      b.remote.read(true);
      await until('the reset', () => b.remote.seen.length > 0 && b.conn.closed);
      expect(b.remote.seen).toEqual(['rst']);
      a.remote.end();
      await until('the close', () => a.conn.closed);
    }
  });

  it('F4: holds each direction by the connection that it fills, and loses nothing', async () => {
    const { a, b, log } = await joined();
    const bytes = pattern(harness.moreThanSystem);
    b.remote.read(false);
    a.remote.send(bytes);
    await until('the hold', () => a.conn.held);
    expect(a.conn.heldBy).toEqual([b.conn]);
    b.remote.send('other direction');
    await until('it', () => a.remote.received.length === 15);
    b.remote.read(true);
    await until('all', () => b.remote.received.length === bytes.length);
    expect(b.remote.received.equals(bytes)).toBe(true);
    a.remote.end();
    b.remote.end();
    await until('the end', () => log.length > 0);
    expect(log).toEqual(['complete']);
  });

  it('leaves no upstream behind when the client leaves', async () => {
    const { listener, dial } = harness.server();
    const { connect, remotes } = await harness.target();
    const serving = listener
      .pipe(serve((client) => connect().pipe(switchMap((server) => relay(client, server)))))
      .subscribe();
    const resetting = await dial();
    await until('the upstream', () => remotes.length === 1);
    resetting.reset();
    await until('its end', () => remotes[0]?.seen.length === 1);
    expect(remotes[0]?.seen).toEqual(['rst']);
    const leaving = await dial();
    await until('the upstream', () => remotes.length === 2);
    leaving.end();
    await until('its end', () => remotes[1]?.seen.length === 1);
    expect(remotes[1]?.seen).toEqual(['fin']);
    remotes[1]?.end();
    await until('the end of the client', () => leaving.seen.length === 1);
    expect(leaving.seen).toEqual(['fin']);
    serving.unsubscribe();
  });

  it('F9: an unsubscribed relay releases both, which stay open', async () => {
    const [a, b] = [await harness.open(), await harness.open()];
    const relaying = relay(a.conn, b.conn).subscribe();
    b.remote.read(false);
    a.remote.send(pattern(harness.moreThanSystem));
    await until('the hold', () => a.conn.held);
    relaying.unsubscribe();
    expect([a.conn.held, a.conn.writable, b.conn.writable]).toEqual([false, true, true]);
    a.conn.destroy();
    b.conn.destroy();
  });

  it('refuses what are not two connections', async () => {
    const { conn } = await harness.open();
    expect(() => relay(conn, conn)).toThrow(TypeError);
    expect(() => relay(conn, {} as never)).toThrow('relay needs two connections');
    conn.destroy();
  });

  it('sendTo with end sends FIN behind a source that completes', async () => {
    const { conn, remote } = await harness.open();
    const log: string[] = [];
    concat(of('all'), EMPTY)
      .pipe(sendTo(conn, { end: true }))
      .subscribe({ complete: () => log.push('complete') });
    await until('the FIN', () => remote.seen.length > 0 && log.length > 0);
    expect([String(remote.received), remote.seen, conn.writable]).toEqual(['all', ['fin'], false]);
    conn.destroy();
  });

  it('T2: sendTo with end sends RST behind a source that fails, or is no bytes', async () => {
    const bad: Observable<string>[] = [
      throwError(() => new Error('half')),
      of(1 as unknown as string),
    ];
    for (const source of bad) {
      const { conn, remote } = await harness.open();
      const errors: unknown[] = [];
      concat(of('half'), source)
        .pipe(sendTo(conn, { end: true }))
        .subscribe({ error: (error: unknown) => errors.push(error) });
      remote.read(true);
      await until('the reset', () => remote.seen.length > 0 && conn.closed);
      expect(remote.seen).toEqual(['rst']);
      expect([errors.length, conn.failure]).toEqual([1, errors[0]]);
    }
  });

  it('sendTo with end leaves the connection open when it is unsubscribed', async () => {
    const { conn } = await harness.open();
    const input = observed(conn);
    new Subject<string>()
      .pipe(sendTo(conn, { end: true }))
      .subscribe()
      .unsubscribe();
    expect([conn.writable, input.log]).toEqual([true, []]);
    conn.destroy();
  });
}
