import { of } from 'rxjs';
import { type Connection, sendTo, serve } from 'rxjs-libevent';
import { type Harness, codeOf } from './Harness';
import { events, observed } from './observed';
import { zeros } from '../support/zeros';

type It = (behaviour: string, body: () => Promise<void>) => void;

/** What the kernel does where two ends, or more peers than there is room for, come together. */
export function edges(harness: Harness, it: It): void {
  const { until, settled } = {
    until: harness.until.bind(harness),
    settled: () => harness.settled(),
  };

  it('resets nothing behind both FINs, though bytes are unread', async () => {
    for (const end of ['destroy', 'reset'] as const) {
      const { conn, remote } = await harness.open({ allowHalfOpen: true });
      remote.send('unread');
      remote.end();
      conn.complete();
      await until('the FIN', () => remote.seen.length > 0);
      await settled();
      conn[end]();
      await settled();
      expect(remote.seen).toEqual(['fin']);
    }
  });

  it('is not reset behind both FINs, and has all bytes', async () => {
    const { conn, remote } = await harness.open({ allowHalfOpen: true });
    remote.send('all');
    remote.end();
    conn.complete();
    await until('the FIN', () => remote.seen.length > 0);
    remote.reset();
    await settled();
    const seen = observed(conn);
    await until('the end', () => seen.log.length > 0);
    expect([seen.bytes.toString(), seen.log]).toEqual(['all', ['C']]);
  });

  it('hears by its second write that the peer has closed for good', async () => {
    const { conn, remote } = await harness.open({ allowHalfOpen: true });
    const [seen, log] = [observed(conn), events(conn)];
    remote.close();
    await until('the end of the input', () => seen.log.length > 0);
    const codes: string[] = [];
    const send = () =>
      of('x')
        .pipe(sendTo(conn))
        .subscribe({
          error: (error: unknown) => codes.push(codeOf(error)),
          complete: () => codes.push('sent'),
        });
    send();
    await until('the first', () => codes.length === 1);
    await settled();
    send();
    await until('the second', () => codes.length === 2 && log.includes('closed'));
    expect([codes, log]).toEqual([
      ['sent', 'EPIPE'],
      ['eof', 'error:write:EPIPE', 'closed'],
    ]);
  });

  it('fails with EPIPE when it ends its output to a peer that has ended and is gone', async () => {
    const { conn, remote } = await harness.open({ allowHalfOpen: true });
    const [seen, log] = [observed(conn), events(conn)];
    remote.close();
    await until('the end of the input', () => seen.log.length > 0);
    conn.next('x');
    await settled();
    conn.complete();
    await until('the closing', () => log.includes('closed'));
    expect(log).toEqual(['eof', 'error:write:EPIPE', 'closed']);
  });

  it('reads to the end of a peer that has closed for good, though a write is answered with RST', async () => {
    const { conn, remote } = await harness.open({ read: { high: 8, low: 5 } });
    const log = events(conn);
    remote.send('line one\nand');
    await settled();
    remote.close();
    await settled();
    const seen: string[] = [];
    conn.subscribe({
      next: (chunk) => {
        seen.push(String(chunk));
        conn.next(chunk);
      },
      error: (error: unknown) => seen.push(codeOf(error)),
      complete: () => seen.push('complete'),
    });
    await until('the closing', () => log.includes('closed'));
    expect(seen.join('')).toBe('line one\nandcomplete');
    // The RST comes while the end is read: either may be notified first.
    expect(log.slice(-3, -1).sort()).toEqual(['eof', 'error:write:EPIPE']);
    expect(log.at(-1)).toBe('closed');
  });

  it('fails with ECONNRESET when it closes in front of a reset', async () => {
    const { conn, remote } = await harness.open();
    const log = events(conn);
    conn.hold();
    observed(conn);
    await settled();
    remote.send('tail');
    remote.reset();
    await until('the hangup', () => log.includes('hangup:ECONNRESET'));
    conn.close();
    await until('the closing', () => log.includes('closed'));
    expect(log.slice(1)).toEqual(['error:write:ECONNRESET', 'closed']);
  });

  it('F10: lets peers beyond the backlog wait, and refuses none', async () => {
    const { listener, dial } = harness.server({ backlog: 1 });
    const serving = listener.pipe(serve((conn) => conn.pipe(sendTo(conn)))).subscribe();
    const first = await dial();
    first.send('first');
    await until('the first', () => first.received.toString() === 'first');
    const release = listener.hold('the test');
    await settled();
    const dialled = [1, 2, 3, 4].map(() => dial());
    await settled();
    release();
    // Beyond the backlog the kernel of a client knocks again after a second.
    for (const remote of await Promise.all(dialled)) {
      await until('a connection', () => {
        if (remote.received.length === 0) remote.send('x');
        return remote.received.length > 0;
      });
      expect(remote.seen).toEqual([]);
    }
    serving.unsubscribe();
  });

  it('T2: ends with its base: FIN, or RST with bytes unread or output unsent', async () => {
    const { listener, dial, closeBase } = harness.server();
    const connections: Connection[] = [];
    const log: string[] = [];
    listener.subscribe({
      next: (conn) => connections.push(conn),
      complete: () => log.push('complete'),
    });
    const next = async () => {
      const before = connections.length;
      const remote = await dial();
      await until('its connection', () => connections.length > before);
      return remote;
    };
    const [idle, unread, unsent] = [await next(), await next(), await next()];
    const seen = observed(connections[0]!);
    unread.send('unread');
    unsent.read(false);
    connections[2]!.next(zeros(harness.moreThanSystem));
    await settled();
    await closeBase();
    for (const remote of [idle, unread, unsent]) remote.read(true);
    await until('the ends', () => [idle, unread, unsent].every((end) => end.seen.length > 0));
    expect([idle.seen, unread.seen, unsent.seen]).toEqual([['fin'], ['rst'], ['rst']]);
    expect([log, seen.log, connections.map(({ closed }) => closed)]).toEqual([
      ['complete'],
      ['C'],
      [true, true, true],
    ]);
  });
}
