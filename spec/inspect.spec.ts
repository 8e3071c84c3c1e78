import { inspect } from 'node:util';
import { firstValueFrom } from 'rxjs';
import { EventBase } from 'rxjs-libevent';

describe('util.inspect: a line, not the insides', () => {
  let base: EventBase;

  beforeEach(() => {
    base = new EventBase({ threads: 1, avoidMethods: ['poll', 'select'] });
  });

  afterEach(() => base.close());

  it('of a connection: its ends, its state, what waits', async () => {
    const listener = base.listen({ host: '127.0.0.1', port: 0 });
    const accepted = firstValueFrom(listener);
    const { port } = await firstValueFrom(listener.bound);
    const connecting = base.connect({ host: '127.0.0.1', port }).subscribe();
    const conn = await accepted;
    const ends = `127.0.0.1:${port} to 127.0.0.1:${conn.remoteAddress.port}`;
    expect(inspect({ conn })).toBe(
      `{\n  conn: Connection { ${ends}, open, 0 bytes in, 0 bytes out }\n}`,
    );
    const release = conn.hold();
    expect(inspect(conn)).toContain('open, held, 0 bytes in');
    release();
    conn.destroy();
    await firstValueFrom(conn.whenClosed);
    expect(inspect(conn)).toContain(', closed, ');
    connecting.unsubscribe();
  });

  it('of a pair, a group, a base', async () => {
    const [one, two] = base.pair();
    expect(inspect(one)).toBe('Connection { unix to unix, open, 0 bytes in, 0 bytes out }');
    const group = base.rateLimitGroup({ readBytesPerSecond: 1000 });
    expect(inspect(group)).toBe('RateLimitGroup { open }');
    expect(inspect(base)).toBe('EventBase { epoll, threads: 1, handlers: 3, open }');
    group.close();
    expect(inspect(group)).toBe('RateLimitGroup { closed }');
    one.destroy();
    two.destroy();
    await base.close();
    expect(inspect(base)).toBe('EventBase { epoll, threads: 1, handlers: 0, closed }');
  });

  it('of a listener: whether it listens, and where', async () => {
    const listener = base.listen({ host: '::1', port: 0 });
    expect(inspect(listener)).toBe('Listener { not listening }');
    const listening = listener.subscribe();
    const { port } = await firstValueFrom(listener.bound);
    const release = listener.hold();
    expect(inspect(listener)).toBe(`Listener { [::1]:${port}, listening, held }`);
    release();
    listening.unsubscribe();
    expect(inspect(listener)).toBe('Listener { not listening }');
  });
});
