import { firstValueFrom, lastValueFrom, scheduled, Subscription } from 'rxjs';
import type { Connection, EventBase, Listener } from 'rxjs-libevent';
import { joined } from './support/joined';
import { ending, inAll, itGives, outcome, type Row } from './support/legality';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';

/** Two ends that are joined, by a socket or without one. */
interface Ends {
  readonly client: Connection;
  readonly server: Connection;
  readonly subscription: Subscription;
}

function paired(base: EventBase): Promise<Ends> {
  const [client, server] = base.pair({ allowHalfOpen: true });
  const subscription = new Subscription(() => {
    client.destroy();
    server.destroy();
  });
  return Promise.resolve({ client, server, subscription });
}

describe.each<[string, (base: EventBase) => Promise<Ends>]>([
  ['a socket', joined],
  ['a pair', paired],
])('Connection of %s: method by state', (kind, join) => {
  type State = 'open' | 'inside next' | 'ended' | 'closing' | 'closed';
  const base = newBase({ priorities: 2 });
  const open = openInEach();

  afterAll(() => base.close());

  const all = inAll<State>(['open', 'inside next', 'ended', 'closing', 'closed']);

  // libevent does not count the bytes of a pair, and polls nothing for it.
  const ofSockets = all(kind === 'a pair' ? 'ENOTSUP' : 'ok');

  const rows: Row<State, Connection>[] = [
    ['next', (c) => c.next('x'), all('ok')],
    ['send drop', (c) => c.send('x', 'drop'), all('ok')],
    ['complete', (c) => c.complete(), all('ok')],
    ['error', (c) => c.error(new Error('mine')), all('ok')],
    ['reset', (c) => c.reset(), all('ok')],
    ['destroy', (c) => c.destroy(), all('ok')],
    ['close', (c) => c.close(100), all('ok')],
    ['hold', (c) => c.hold()(), all('ok')],
    ['unread', (c) => c.unread(Buffer.from('x')), all('ok')],
    ['setWatermarks', (c) => c.setWatermarks({ read: { high: 10 } }), all('ok')],
    ['setTimeouts', (c) => c.setTimeouts({ readTimeoutMs: 1000 }), all('ok')],
    ['socket.setRateLimit', (c) => c.socket.setRateLimit(undefined), ofSockets],
    ['socket.setRateLimitGroup', (c) => c.socket.setRateLimitGroup(undefined), ofSockets],
    ['socket.setPriority', (c) => c.socket.setPriority(1), ofSockets],
    ['socket.trigger', (c) => c.socket.trigger('read'), all('ok')],
    [
      'getters',
      (c) => [
        c.localAddress,
        c.remoteAddress,
        c.outputBytes,
        c.inputBytes,
        c.saturated,
        c.held,
        c.heldBy,
        c.dropped,
        c.refused,
        c.writable,
        c.closed,
        c.failure,
        c.marks,
        c.socket.fd,
      ],
      all('ok'),
    ],
  ];

  const observables: Row<State, Connection>[] = [
    [
      'subscribe',
      (c) => ending((o) => c.subscribe(o)),
      { ...all('ok'), ended: 'done', closing: 'done', closed: 'done' },
    ],
    ['drained', (c) => ending((o) => c.drained.subscribe(o)), { ...all('ok'), closed: 'done' }],
    ['events', (c) => ending((o) => c.events.subscribe(o)), { ...all('ok'), closed: 'done' }],
    ['whenClosed', (c) => ending((o) => c.whenClosed.subscribe(o)), all('ok')],
    [
      'sendFile',
      (c) => ending((o) => c.sendFile(__filename).subscribe(o)),
      { ...all('ok'), closing: 'ERR_NOT_WRITABLE', closed: 'ERR_NOT_WRITABLE' },
    ],
  ];

  /** Brings a connection into a state, calls there, and gives what came of it. */
  async function inState(
    state: State,
    call: (connection: Connection) => unknown,
  ): Promise<unknown> {
    const { client, server, subscription } = await join(base);
    open.add(subscription);
    switch (state) {
      case 'open':
        return call(server);
      case 'inside next':
        client.next('x');
        return new Promise((resolve) => {
          open.add(server.subscribe({ next: () => resolve(call(server)), error: () => undefined }));
        });
      case 'ended':
        client.complete();
        await lastValueFrom(server, { defaultValue: undefined });
        return call(server);
      case 'closing':
        server.close();
        return call(server);
      case 'closed':
        server.destroy();
        await lastValueFrom(server.whenClosed);
        return call(server);
    }
  }

  itGives(rows, (state, call) => inState(state, (conn) => outcome(() => call(conn))));

  itGives(observables, inState);

  it('writes nothing once it is closing, and counts nothing', async () => {
    await inState('closing', (connection) => {
      connection.next('lost');
      expect(connection.outputBytes).toBe(0);
      expect([connection.writable, connection.refused]).toEqual([false, 1]);
    });
  });

  it('gives the same bytes to a second subscriber, from when it subscribes', async () => {
    const { client, server, subscription } = await join(base);
    open.add(subscription);
    const seen: string[] = [];
    const both = new Promise<void>((resolve) => {
      open.add(server.subscribe((chunk) => seen.push(`1 ${chunk.toString()}`)));
      open.add(
        server.subscribe((chunk) => {
          seen.push(`2 ${chunk.toString()}`);
          resolve();
        }),
      );
    });
    client.next('x');
    await both;
    expect(seen).toEqual(['1 x', '2 x']);
  });

  it('stops reading when its only subscriber unsubscribes inside next, and loses nothing', async () => {
    const { client, server, subscription } = await join(base);
    open.add(subscription);
    client.next('first');
    const first = await firstValueFrom(server);
    client.next('second');
    const second = await firstValueFrom(server);
    expect(Buffer.concat([first, second]).toString()).toBe('firstsecond');
  });

  it.each(['destroy', 'reset', 'close', 'complete'] as const)('may %s inside next', async (end) => {
    const { client, server, subscription } = await join(base);
    open.add(subscription);
    let calls = 0;
    const ended = new Promise<void>((resolve) => {
      server.subscribe({
        next: () => {
          calls += 1;
          server[end]();
        },
        error: () => resolve(),
        complete: () => resolve(),
      });
    });
    client.next('x');
    client.complete();
    await ended;
    expect(calls).toBe(1);
  });
});

describe('Listener: method by state', () => {
  type State = 'before' | 'open' | 'inside next' | 'closed';
  const base = newBase();
  const open = openInEach();

  afterAll(() => base.close());

  const rows: Row<State, Listener>[] = [
    [
      'hold',
      (l) => outcome(() => l.hold('me')()),
      { before: 'ok', open: 'ok', 'inside next': 'ok', closed: 'ok' },
    ],
    [
      'subscribe',
      (l) => ending((o) => l.subscribe(o)),
      { before: 'ok', open: 'ok', 'inside next': 'ok', closed: 'ok' },
    ],
    [
      'bound',
      (l) => ending((o) => l.bound.subscribe(o)),
      { before: 'ok', open: 'ok', 'inside next': 'ok', closed: 'ok' },
    ],
    [
      'errors',
      (l) => ending((o) => l.errors.subscribe(o)),
      { before: 'ok', open: 'ok', 'inside next': 'ok', closed: 'ok' },
    ],
  ];

  async function inState(state: State, call: (listener: Listener) => unknown): Promise<unknown> {
    const listener = base.listen({ host: '127.0.0.1', port: 0 });
    if (state === 'before') return call(listener);
    if (state === 'inside next') {
      return new Promise((resolve) => {
        open.add(listener.subscribe(() => resolve(call(listener))));
        open.add(
          listener.bound.subscribe(({ port }) => {
            open.add(base.connect({ host: '127.0.0.1', port }).subscribe());
          }),
        );
      });
    }
    const listening = listener.subscribe();
    await firstValueFrom(listener.bound);
    if (state === 'closed') listening.unsubscribe();
    else open.add(listening);
    return call(listener);
  }

  itGives(rows, inState);

  it('opens a socket for each subscriber: the second on one port fails by itself', async () => {
    const first = base.listen({ host: '127.0.0.1', port: 0 });
    open.add(first.subscribe());
    const { port } = await firstValueFrom(first.bound);
    const listener = base.listen({ host: '127.0.0.1', port });
    await expect(lastValueFrom(listener)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect((await firstValueFrom(first.bound)).port).toBe(port);
  });

  it('may be unsubscribed inside next', async () => {
    const listener = base.listen({ host: '127.0.0.1', port: 0 });
    const first = firstValueFrom(listener);
    const { port } = await firstValueFrom(listener.bound);
    const connecting = base.connect({ host: '127.0.0.1', port }).subscribe();
    expect((await first).closed).toBe(false);
    connecting.unsubscribe();
    (await first).destroy();
  });
});

describe('EventBase: method by state', () => {
  type State = 'open' | 'inside a callback' | 'closing' | 'closed';

  const fine = { open: 'ok', 'inside a callback': 'ok' };
  const refused = { ...fine, closing: 'ERR_BASE_CLOSED', closed: 'ERR_BASE_CLOSED' };
  const always = { ...fine, closing: 'ok', closed: 'ok' };

  const rows: Row<State, EventBase>[] = [
    ['listen', (b) => outcome(() => b.listen({ port: 0 })), always],
    [
      'listen, subscribed',
      (b) => ending((o) => b.listen({ host: '127.0.0.1' }).subscribe(o)),
      { ...refused },
    ],
    ['connect', (b) => outcome(() => b.connect({ port: 1 })), always],
    [
      'connect, subscribed',
      async (b) => {
        const word = await ending((o) => b.connect({ path: '\0nobody listens' }).subscribe(o));
        return word === 'ECONNREFUSED' ? 'ok' : word; // it was tried
      },
      refused,
    ],
    ['pair', (b) => outcome(() => b.pair()[0].destroy()), refused],
    [
      'rateLimitGroup',
      (b) => outcome(() => b.rateLimitGroup({ readBytesPerSecond: 1000 }).close()),
      refused,
    ],
    ['timer, subscribed', (b) => ending((o) => b.timer(1e6).subscribe(o)), refused],
    ['fd, subscribed', (b) => ending((o) => b.fd(-1).subscribe(o)), refused],
    ['scheduler', (b) => ending((o) => scheduled([1], b.scheduler).subscribe(o)), refused],
    ['signal, subscribed', (b) => ending((o) => b.signal('SIGWINCH').subscribe(o)), refused],
    ['close', (b) => outcome(() => b.close()), always],
    ['close with a deadline', (b) => outcome(() => b.close(50)), always],
    [
      'getters',
      (b) => outcome(() => [b.method, b.features, b.threads, b.closed, b.stats, b.priorities]),
      always,
    ],
  ];

  async function inState(state: State, call: (base: EventBase) => unknown): Promise<unknown> {
    const base = newBase();
    try {
      switch (state) {
        case 'open':
          return await call(base);
        case 'inside a callback':
          return await new Promise((resolve) => {
            base.timer(0).subscribe(() => resolve(call(base)));
          });
        case 'closing':
          void base.close();
          return await call(base);
        case 'closed':
          await base.close();
          return await call(base);
      }
    } finally {
      await base.close();
    }
  }

  itGives(rows, inState);

  it('ends what runs when it is closed inside a callback', async () => {
    const base = newBase();
    const { server, client } = await joined(base);
    const ended = lastValueFrom(server, { defaultValue: undefined });
    base.timer(0).subscribe(() => void base.close());
    await ended;
    await base.close();
    expect([client.closed, server.closed]).toEqual([true, true]);
  });
});
