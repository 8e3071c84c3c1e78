import type { EventBase, FdEvent, RateLimitGroup } from 'rxjs-libevent';
import { joined } from './support/joined';
import { ending, inAll, itGives, outcome, type Row } from './support/legality';
import { newBase } from './support/newBase';
import { openInEach } from './support/openInEach';

describe('EventBase, as a loop: method by state', () => {
  type State = 'not begun' | 'dispatching' | 'inside a callback' | 'left' | 'closing' | 'closed';

  const all = inAll<State>([
    'not begun',
    'dispatching',
    'inside a callback',
    'left',
    'closing',
    'closed',
  ]);
  const busy = { dispatching: 'EALREADY', 'inside a callback': 'EALREADY' };
  // What lingers in a base that closes may need the loop.
  const gone = { closed: 'ERR_BASE_CLOSED' };

  const rows: Row<State, EventBase>[] = [
    // It is not waited for: it ends with the base.
    ['loop', (b) => outcome(() => void b.loop()), { ...all('ok'), ...busy, ...gone }],
    [
      'loop once',
      (b) => outcome(() => void b.loop({ once: true })),
      { ...all('ok'), ...busy, ...gone },
    ],
    [
      'loop nonblock',
      (b) => outcome(() => b.loop({ nonblock: true })),
      { ...all('ok'), ...busy, ...gone },
    ],
    ['loopExit', (b) => outcome(() => b.loopExit()), all('ok')],
    ['loopExit later', (b) => outcome(() => b.loopExit(1e6)), all('ok')],
    ['loopBreak', (b) => outcome(() => b.loopBreak()), all('ok')],
    ['ref and unref', (b) => outcome(() => b.unref().ref()), all('ok')],
    ['dispatched', (b) => ending((o) => b.dispatched.subscribe(o)), all('ok')],
  ];

  async function inState(state: State, call: (base: EventBase) => unknown): Promise<unknown> {
    const base = newBase({ dispatch: state === 'dispatching' || state === 'inside a callback' });
    try {
      switch (state) {
        case 'not begun':
        case 'dispatching':
          break;
        case 'inside a callback':
          return await new Promise((resolve) => {
            base.timer(0).subscribe(() => resolve(call(base)));
          });
        case 'left': {
          const left = base.loop();
          base.loopExit();
          await left;
          break;
        }
        case 'closing':
          void base.close();
          break;
        case 'closed':
          await base.close();
          break;
      }
      return await call(base);
    } finally {
      await base.close();
    }
  }

  itGives(rows, inState);
});

describe('FdEvent: method by state', () => {
  type State = 'before' | 'open' | 'held' | 'inside next' | 'unsubscribed' | 'of a closed base';
  const base = newBase();
  const open = openInEach();

  afterAll(() => base.close());

  const all = inAll<State>([
    'before',
    'open',
    'held',
    'inside next',
    'unsubscribed',
    'of a closed base',
  ]);

  const rows: Row<State, FdEvent>[] = [
    [
      'subscribe',
      (e) => ending((o) => e.subscribe(o)),
      { ...all('ok'), 'of a closed base': 'ERR_BASE_CLOSED' },
    ],
    ['activate', (e) => outcome(() => e.activate('read')), all('ok')],
    ['activate, wrongly', (e) => outcome(() => e.activate('x' as 'read')), all('TypeError')],
    // Handled, it waits again.
    ['pending', (e) => String(e.pending), { ...all('false'), open: 'true' }],
    ['hold', (e) => outcome(() => e.hold('me')()), all('ok')],
    [
      'release, twice',
      (e) =>
        outcome(() => {
          const release = e.hold();
          release();
          release();
        }),
      all('ok'),
    ],
  ];

  async function inState(state: State, call: (event: FdEvent) => unknown): Promise<unknown> {
    if (state === 'of a closed base') {
      const other = newBase();
      const event = other.fd(-1);
      event.subscribe();
      await other.close();
      return call(event);
    }
    const event = base.fd(-1);
    if (state === 'before') return call(event);
    if (state === 'inside next') {
      return new Promise((resolve) => {
        open.add(event.subscribe(() => resolve(call(event))));
        event.activate('write');
      });
    }
    const subscription = event.subscribe();
    open.add(subscription);
    if (state === 'held') event.hold('the state');
    if (state === 'unsubscribed') subscription.unsubscribe();
    return call(event);
  }

  itGives(rows, inState);

  it('emits nothing that was activated when nobody had subscribed', async () => {
    const event = base.fd(-1);
    const seen: string[] = [];
    event.activate('read');
    const emitted = new Promise<void>((resolve) => {
      open.add(
        event.subscribe((name) => {
          seen.push(name);
          resolve();
        }),
      );
    });
    event.activate('write');
    await emitted;
    expect(seen).toEqual(['write']);
  });
});

describe('RateLimitGroup: method by state', () => {
  type State = 'open' | 'with a member' | 'closed' | 'closed, with a member' | 'of a closed base';
  const limit = { readBytesPerSecond: 1e9 };

  const all = inAll<State>([
    'open',
    'with a member',
    'closed',
    'closed, with a member',
    'of a closed base',
  ]);
  const refused = {
    closed: 'ERR_CLOSED',
    'closed, with a member': 'ERR_CLOSED',
    'of a closed base': 'ERR_CLOSED',
  };

  const rows: Row<State, RateLimitGroup>[] = [
    ['setRateLimit', (g) => outcome(() => g.setRateLimit(limit)), { ...all('ok'), ...refused }],
    [
      'setRateLimit, wrongly',
      (g) => outcome(() => g.setRateLimit({ readBytesPerSecond: -1 })),
      { ...all('RangeError'), ...refused },
    ],
    ['totals', (g) => outcome(() => g.totals()), { ...all('ok'), ...refused }],
    ['close', (g) => outcome(() => g.close()), all('ok')],
    [
      'closed',
      (g) => String(g.closed),
      { ...all('true'), open: 'false', 'with a member': 'false' },
    ],
  ];

  async function inState(state: State, call: (group: RateLimitGroup) => unknown): Promise<unknown> {
    const base = newBase();
    const group = base.rateLimitGroup(limit);
    try {
      if (state.endsWith('with a member')) {
        const { server } = await joined(base);
        server.socket.setRateLimitGroup(group);
      }
      if (state.startsWith('closed')) group.close();
      if (state === 'of a closed base') await base.close();
      return await call(group);
    } finally {
      await base.close();
    }
  }

  itGives(rows, inState);

  it('takes no member when it is closed', async () => {
    const base = newBase();
    const group = base.rateLimitGroup(limit);
    const { server } = await joined(base);
    group.close();
    expect(await outcome(() => server.socket.setRateLimitGroup(group))).toBe('ERR_CLOSED');
    await base.close();
  });
});
