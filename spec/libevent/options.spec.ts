import {
  EventBase,
  sendTo,
  serve,
  type Connection,
  type ConnectConfig,
  type RateLimitGroup,
} from 'rxjs-libevent';
import { newBase } from './support/newBase';

/** How a number is bounded. */
interface Bounds {
  readonly unit: string;
  readonly least: number;
  readonly most: number;
  /** Fractions are values, too. */
  readonly fractions?: boolean;
}

/** What takes an option: throws if its value is refused. */
type Use = (value: unknown) => unknown;

const MS = { unit: 'ms', least: 0, most: 2 ** 31 - 1 };

describe('options', () => {
  const base = newBase({ priorities: 3 });
  const group: RateLimitGroup = base.rateLimitGroup({ readBytesPerSecond: 1000 });
  const [connection]: Connection[] = base.pair();

  afterAll(async () => {
    await base.close();
  });

  // A base that is made in spite of its options is closed again.
  const made =
    (name: string): Use =>
    (value) => {
      void new EventBase({ [name]: value }).close();
    };
  const listen =
    (name: string, more = {}): Use =>
    (value) =>
      base.listen({ ...more, [name]: value });
  const connect =
    (name: string, more: Partial<ConnectConfig> = { port: 1 }): Use =>
    (value) =>
      base.connect({ ...more, [name]: value });
  const limit =
    (name: string, more = {}): Use =>
    (value) =>
      base.listen({ rateLimit: { readBytesPerSecond: 1000, ...more, [name]: value } });
  const handler = (one: Connection): Connection => one;

  const numbers: [string, Use, Bounds][] = [
    ['threads', made('threads'), { unit: 'threads', least: 0, most: 64 }],
    ['priorities', made('priorities'), { unit: 'levels', least: 1, most: 255 }],
    [
      'maxDispatchIntervalUs',
      made('maxDispatchIntervalUs'),
      { unit: 'microseconds', least: 0, most: 60_000_000 },
    ],
    [
      'maxDispatchCallbacks',
      made('maxDispatchCallbacks'),
      { unit: 'callbacks', least: 0, most: 1_000_000 },
    ],
    ['port', listen('port'), { unit: 'ports', least: 0, most: 65_535 }],
    ['fd', listen('fd'), { unit: 'descriptors', least: 0, most: 2 ** 31 - 1 }],
    ['backlog', listen('backlog'), { unit: 'connections', least: 1, most: 65_535 }],
    [
      'maxConnections',
      listen('maxConnections'),
      { unit: 'connections', least: 1, most: 2 ** 31 - 1 },
    ],
    [
      'read.high',
      (high) => base.listen({ read: { high: high as number } }),
      { unit: 'bytes', least: 1, most: 2 ** 30 },
    ],
    [
      'read.low',
      (low) => base.listen({ read: { low: low as number, high: 2 ** 30 } }),
      { unit: 'bytes', least: 0, most: 2 ** 30 },
    ],
    [
      'write.high',
      (high) => base.listen({ write: { high: high as number } }),
      { unit: 'bytes', least: 1, most: 2 ** 30 },
    ],
    [
      'write.low',
      (low) => base.listen({ write: { low: low as number, high: 2 ** 30 } }),
      { unit: 'bytes', least: 0, most: 2 ** 30 },
    ],
    [
      'maxOutputBytes',
      listen('maxOutputBytes', { write: { high: 1000 } }),
      { unit: 'bytes', least: 1000, most: 2 ** 30 },
    ],
    ['readTimeoutMs', listen('readTimeoutMs'), MS],
    ['writeTimeoutMs', listen('writeTimeoutMs'), MS],
    ['priority', listen('priority'), { unit: 'levels', least: 0, most: 2 }],
    ['rateLimit.tickMs', limit('tickMs'), { unit: 'ms', least: 1, most: 60_000 }],
    [
      'rateLimit.readBytesPerSecond',
      limit('readBytesPerSecond', { tickMs: 1000 }),
      { unit: 'bytes a second', least: 1, most: 2 ** 31 - 1 },
    ],
    [
      'rateLimit.writeBytesPerSecond',
      limit('writeBytesPerSecond', { tickMs: 1000 }),
      { unit: 'bytes a second', least: 1, most: 2 ** 31 - 1 },
    ],
    [
      'rateLimit.readBurstBytes',
      limit('readBurstBytes'),
      { unit: 'bytes', least: 100, most: 2 ** 31 - 1 },
    ],
    [
      'rateLimit.writeBurstBytes',
      limit('writeBurstBytes', { writeBytesPerSecond: 5000 }),
      { unit: 'bytes', least: 500, most: 2 ** 31 - 1 },
    ],
    ['port', connect('port', {}), { unit: 'ports', least: 1, most: 65_535 }],
    ['localPort', connect('localPort'), { unit: 'ports', least: 0, most: 65_535 }],
    ['keepAliveSeconds', connect('keepAliveSeconds'), { unit: 'seconds', least: 0, most: 32_767 }],
    ['connectTimeoutMs', connect('connectTimeoutMs'), MS],
    ['attemptDelayMs', connect('attemptDelayMs'), { ...MS, least: 10 }],
    ['closeDeadlineMs', connect('closeDeadlineMs'), { ...MS, least: 1 }],
    [
      'concurrency',
      (concurrency) => serve(handler, { concurrency: concurrency as number }),
      { unit: 'connections', least: 1, most: 2 ** 31 - 1 },
    ],
    [
      'closeDeadlineMs',
      (ms) => serve(handler, { closeDeadlineMs: ms as number }),
      { ...MS, least: 1 },
    ],
    ['shutdownDeadlineMs', (ms) => serve(handler, { shutdownDeadlineMs: ms as number }), MS],
    ['deadlineMs', (ms) => connection.close(ms as number), { ...MS, least: 1 }],
    ['readTimeoutMs', (ms) => connection.setTimeouts({ readTimeoutMs: ms as number }), MS],
    ['writeTimeoutMs', (ms) => connection.setTimeouts({ writeTimeoutMs: ms as number }), MS],
    [
      'read.high',
      (high) => connection.setWatermarks({ read: { high: high as number } }),
      { unit: 'bytes', least: 1, most: 2 ** 30 },
    ],
    [
      'start',
      (start) => connection.sendFile('x', { start: start as number }),
      { unit: 'bytes', least: 0, most: Number.MAX_SAFE_INTEGER - 1 },
    ],
    [
      'end',
      (end) => connection.sendFile('x', { start: 7, end: end as number }),
      { unit: 'bytes', least: 7, most: Number.MAX_SAFE_INTEGER - 1 },
    ],
    [
      'limit.tickMs',
      (tickMs) => group.setRateLimit({ readBytesPerSecond: 1e6, tickMs: tickMs as number }),
      { unit: 'ms', least: 1, most: 60_000 },
    ],
    [
      'limit.readBytesPerSecond',
      (rate) => base.rateLimitGroup({ readBytesPerSecond: rate as number, tickMs: 1000 }),
      { unit: 'bytes a second', least: 1, most: 2 ** 31 - 1 },
    ],
    [
      'dueMs',
      (due) => base.timer(due as number),
      { unit: 'ms', least: 0, most: 2_147_483_647_000, fractions: true },
    ],
    [
      'periodMs',
      (period) => base.timer(0, period as number),
      { unit: 'ms', least: 0.001, most: 2_147_483_647_000, fractions: true },
    ],
    [
      'priority',
      (priority) => base.timer(0, undefined, { priority: priority as number }),
      { unit: 'levels', least: 0, most: 2 },
    ],
    ['fd', (fd) => base.fd(fd as number), { unit: 'descriptors', least: -1, most: 2 ** 31 - 1 }],
    [
      'timeoutMs',
      (ms) => base.fd(0, { timeoutMs: ms as number }),
      { unit: 'ms', least: 0, most: 2_147_483_647_000, fractions: true },
    ],
    [
      'priority',
      (priority) => base.fd(0, { priority: priority as number }),
      { unit: 'levels', least: 0, most: 2 },
    ],
    [
      'priority',
      (priority) => base.signal('SIGHUP', { priority: priority as number }),
      { unit: 'levels', least: 0, most: 2 },
    ],
    ['deadlineMs', (ms) => (ms === 0 ? undefined : base.close(ms as number)), MS],
  ];

  const thrown = (use: Use, value: unknown): Error | undefined => {
    try {
      use(value);
    } catch (error) {
      return error as Error;
    }
    return undefined;
  };

  describe.each(numbers)('%s', (name, use, { unit, least, most, fractions = false }) => {
    // The last one would close what the others are tried with.
    const closes = name === 'deadlineMs';

    it.each(['5', true, {}, [], Symbol('x'), 5n])('refuses what is no number: %p', (value) => {
      const error = thrown(use, value);
      expect(error?.name).toBe('TypeError');
      expect(error?.message).toContain(`${name} must be a number of ${unit}`);
    });

    it.each<[string, number]>([
      ['below', least - (fractions ? 0.001 : 1)],
      ['above', most + (fractions ? 1000 : 1)],
      ['NaN', NaN],
      ['infinite', Infinity],
      ['infinite below', -Infinity],
      ...(fractions ? [] : [['fractional', least + 0.5] as [string, number]]),
    ])('refuses what is out of bounds: %s', (_case, value) => {
      const error = thrown(use, value);
      expect(error?.name).toBe('RangeError');
      expect(error?.message).toContain(name);
      expect(error?.message).toContain(unit);
      expect(error?.message).toContain(`from ${least} to ${most}`);
      expect(error?.message).toContain(`got ${value}`);
    });

    if (!closes && name !== 'threads') {
      it('takes its bounds', () => {
        expect(thrown(use, least)).toBeUndefined();
        expect(thrown(use, most)).toBeUndefined();
      });
    }
  });

  const booleans: [string, Use][] = [
    ...['reuseAddress', 'reusePort', 'ipv6Only', 'deferredAccept', 'closeOnExec', 'noDelay'].map(
      (name): [string, Use] => [name, listen(name)],
    ),
    ...['noDelay', 'allowHalfOpen'].map((name): [string, Use] => [name, connect(name)]),
    ...['readEnvironment', 'dispatch'].map((name): [string, Use] => [name, made(name)]),
    ['catchUp', (catchUp) => base.timer(0, 1, { catchUp: catchUp as boolean })],
    ['commonTimeout', (common) => base.timer(0, undefined, { commonTimeout: common as boolean })],
  ];

  it.each(booleans)('%s: refuses what is neither true nor false', (name, use) => {
    for (const value of [0, 1, 'true', {}]) {
      const error = thrown(use, value);
      expect(error?.name).toBe('TypeError');
      expect(error?.message).toContain(`${name} must be true or false`);
    }
  });

  const words: [string, Use][] = [
    ['encoding', listen('encoding')],
    ['whenTimeout', listen('whenTimeout')],
    ['avoidMethods', (method) => made('avoidMethods')([method])],
    ['requireFeatures', (feature) => made('requireFeatures')([feature])],
    ['whenSaturated', (word) => sendTo(connection, { whenSaturated: word as never })],
    ['direction', (word) => connection.socket.trigger(word as never)],
    ['whenSaturated', (word) => connection.send('x', word as never)],
  ];

  it.each(words)('%s: refuses words that it does not know, and says which it does', (name, use) => {
    for (const value of ['other', 5, {}, '']) {
      const error = thrown(use, value);
      expect(error?.name).toBe('TypeError');
      expect(error?.message).toMatch(new RegExp(`${name} must be one of '\\w+'`));
    }
  });

  const objects: [string, Use][] = [
    ['config', (config) => base.listen(config as never)],
    ['config', (config) => base.connect(config as never)],
    ['config', (config) => base.pair(config as never)],
    ['config', (config) => new EventBase(config as never)],
    ['config', (config) => serve(handler, config as never)],
    ['config', (config) => sendTo(connection, config as never)],
    ['config', (config) => connection.setTimeouts(config as never)],
    ['config', (config) => connection.sendFile('x', config as never)],
    ['config', (config) => base.timer(0, undefined, config as never)],
    ['config', (config) => base.fd(0, config as never)],
    ['config', (config) => base.signal('SIGHUP', config as never)],
    ['marks', (marks) => connection.setWatermarks(marks as never)],
    ['read', listen('read')],
    ['write', listen('write')],
    ['rateLimit', listen('rateLimit')],
    ['rateLimitGroup', listen('rateLimitGroup')],
    ['limit', (value) => base.rateLimitGroup(value as never)],
  ];

  it.each(objects)('%s: refuses what is no object', (name, use) => {
    for (const value of [5, 'x', null, false]) {
      const error = thrown(use, value);
      expect(error?.name).toBe('TypeError');
      expect(error?.message).toContain(`${name} must be an object`);
    }
  });

  const others: [string, () => unknown, string | RegExp][] = [
    [
      'a host of wrong type',
      () => base.listen({ host: 5 as never }),
      'host must be a string, got 5',
    ],
    ['an empty host', () => base.listen({ host: '' }), 'host must not be empty'],
    ['a host with NUL', () => base.listen({ host: 'a\0b' }), 'host must have no NUL'],
    ['an empty path', () => base.listen({ path: '' }), 'path must not be empty'],
    [
      'a path with NUL within',
      () => base.connect({ path: '\0a\0b' }),
      'path must have no NUL but in front',
    ],
    [
      'a long path',
      () => base.listen({ path: 'x'.repeat(108) }),
      'path must have at most 107 bytes, got 108',
    ],
    ['path and port', () => base.listen({ path: 'x', port: 1 }), 'path stands alone: give no port'],
    [
      'fd and host',
      () => base.listen({ fd: 1, host: 'x' }),
      'fd stands alone: give no port, host or path',
    ],
    [
      'a family of none',
      () => base.connect({ port: 1, family: 5 as never }),
      'family must be 0, 4 or 6, got 5',
    ],
    [
      'families that differ',
      () => base.connect({ port: 1, host: '::1', family: 4 }),
      'of one family',
    ],
    [
      'a local address by name',
      () => base.connect({ port: 1, localAddress: 'localhost' }),
      'numeric address',
    ],
    [
      'a lookup that is none',
      () => base.connect({ port: 1, lookup: 5 as never }),
      'lookup must be a function',
    ],
    [
      'a signal that is none',
      () => base.connect({ port: 1, signal: {} as never }),
      'signal must be an AbortSignal',
    ],
    [
      'low above high',
      () => base.listen({ read: { low: 2, high: 1 } }),
      'read.low must not be above read.high, got 2 > 1 bytes',
    ],
    [
      'a limit of nothing',
      () => base.rateLimitGroup({}),
      'limit must limit readBytesPerSecond or writeBytesPerSecond',
    ],
    [
      'less than a byte a tick',
      () => base.rateLimitGroup({ readBytesPerSecond: 4, tickMs: 100 }),
      /less than one byte in a tick of 100 ms, got 4 bytes a second: lengthen tickMs/,
    ],
    ['a handler that is none', () => serve(5 as never), 'handler must be a function'],
    [
      'no chunk',
      () => connection.next(5 as never),
      'a chunk must be a typed array, a DataView or a string, got number',
    ],
    [
      'memory that is no chunk',
      () => connection.next(new ArrayBuffer(2) as never),
      'a chunk must be a typed array, a DataView or a string, got object',
    ],
    [
      'a list that is none',
      () => new EventBase({ avoidMethods: 5 as never }),
      'avoidMethods must be a list of words',
    ],
    [
      'features that are none',
      () => new EventBase({ requireFeatures: 5 as never }),
      'requireFeatures must be a list of words',
    ],
    [
      'bytes that are none',
      () => connection.unread('x' as never),
      'a chunk must be a typed array or a DataView',
    ],
  ];

  it.each(others)('refuses %s', (_name, use, message) => {
    expect(use).toThrow(message);
  });
});
