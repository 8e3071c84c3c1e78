import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import {
  connect as connectSocket,
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  concatMap,
  defer,
  firstValueFrom,
  lastValueFrom,
  map,
  materialize,
  of,
  retry,
  Subject,
  switchMap,
  take,
  tap,
  toArray,
} from 'rxjs';
import {
  connect,
  EventBase,
  lines,
  sendTo,
  serve,
  type ConnectConfig,
  type Connection,
} from 'rxjs-libevent';

type Failure = Error & {
  code: string;
  errno?: number;
  syscall?: string;
  address?: string;
  port?: number;
  errors?: Failure[];
};

describe('connect', () => {
  const base = new EventBase();
  const servers: Server[] = [];
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'connect-'));
  });

  afterAll(async () => {
    for (const server of servers) server.close();
    rmSync(directory, { recursive: true });
    await base.close();
  });

  async function serverAt(
    where: { host?: string; port?: number; path?: string; allowHalfOpen?: boolean },
    handler: (socket: Socket) => void,
  ): Promise<number> {
    const { allowHalfOpen = false, ...listen } = where;
    const server = createServer({ allowHalfOpen }, (socket) => {
      socket.on('error', () => {});
      handler(socket);
    });
    servers.push(server);
    server.listen(listen.path === undefined ? { host: '127.0.0.1', port: 0, ...listen } : listen);
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  /** A port of a loopback address that nobody listens on. */
  async function deadPort(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }

  function failureOf(config: ConnectConfig): Promise<Failure> {
    return lastValueFrom(base.connect(config)).then(
      () => Promise.reject(new Error('it connected')),
      (error: unknown) => error as Failure,
    );
  }

  it('emits one open connection, and completes when both ends have sent FIN', async () => {
    const port = await serverAt({}, (socket) => socket.end('hello\n'));
    const seen = await lastValueFrom(
      base.connect({ host: '127.0.0.1', port }).pipe(
        switchMap((conn) => conn.pipe(lines())),
        toArray(),
      ),
    );
    expect(seen).toEqual(['hello']);
  });

  it('connects only when it is subscribed to, anew for each subscriber', async () => {
    let accepted = 0;
    const port = await serverAt({}, (socket) => {
      accepted += 1;
      socket.end('x');
    });
    const connecting = base.connect({ host: '127.0.0.1', port });
    expect(accepted).toBe(0);
    const bytes = () => lastValueFrom(connecting.pipe(switchMap((conn) => conn)));
    await Promise.all([bytes(), bytes()]);
    expect(accepted).toBe(2);
  });

  it('reports the addresses of both ends', async () => {
    const port = await serverAt({}, (socket) => socket.end(`${socket.remotePort}\n`));
    const { said, local, remote } = await firstValueFrom(
      base.connect({ host: '127.0.0.1', port }).pipe(
        switchMap((conn) =>
          conn.pipe(
            lines(),
            map((said) => ({ said, local: conn.localAddress, remote: conn.remoteAddress })),
          ),
        ),
      ),
    );
    expect(local).toEqual({ family: 'IPv4', address: '127.0.0.1', port: Number(said) });
    expect(remote).toEqual({ family: 'IPv4', address: '127.0.0.1', port });
  });

  it('connects from the local address and port that are asked for', async () => {
    const port = await serverAt({}, (socket) => socket.end(`${socket.remoteAddress}\n`));
    const localPort = await deadPort();
    const seen = await firstValueFrom(
      base.connect({ host: '127.0.0.1', port, localAddress: '127.0.0.9', localPort }).pipe(
        switchMap((conn) =>
          conn.pipe(
            lines(),
            map((said) => [said, conn.localAddress.port]),
          ),
        ),
      ),
    );
    expect(seen).toEqual(['127.0.0.9', localPort]);
  });

  it('connects to a unix path and to an abstract name', async () => {
    for (const path of [join(directory, 'socket'), `\0connect-${process.pid}`]) {
      const listener = base.listen({ path });
      const serving = listener.pipe(serve((conn) => of('unix\n').pipe(sendTo(conn)))).subscribe();
      await firstValueFrom(listener.bound);
      const seen = await firstValueFrom(
        base.connect({ path }).pipe(
          switchMap((conn) =>
            conn.pipe(
              lines(),
              map((line) => [line, conn.remoteAddress]),
            ),
          ),
        ),
      );
      expect(seen).toEqual(['unix', { family: 'unix', address: path, port: 0 }]);
      serving.unsubscribe();
    }
  });

  it.each([
    ['refused', async () => ({ host: '127.0.0.1', port: await deadPort() }), 'ECONNREFUSED'],
    [
      'an event later, by name',
      async () => ({ host: 'localhost', family: 4, port: await deadPort() }),
      'ECONNREFUSED',
    ],
    [
      'unreachable at once',
      async () => ({ host: '255.255.255.255', port: await deadPort() }),
      'ENETUNREACH',
    ],
    ['no such path', () => Promise.resolve({ path: join(directory, 'nobody') }), 'ENOENT'],
    [
      'an abstract name of nobody',
      () => Promise.resolve({ path: '\0nobody at all' }),
      'ECONNREFUSED',
    ],
  ] as [string, () => Promise<ConnectConfig>, string][])(
    'ends with one error, never inside the call: %s',
    async (_, configOf, code) => {
      const config = await configOf();
      let inside = true;
      const error = await new Promise<Failure>((resolve, reject) => {
        base.connect(config).subscribe({
          next: reject,
          error: (failure: Failure) => {
            if (inside) reject(new Error('inside the subscribe call'));
            else resolve(failure);
          },
        });
        inside = false;
      });
      expect(error).toMatchObject({ name: 'LibeventError', code, syscall: 'connect' });
      expect(error.errno).toBeLessThan(0);
      if (config.path === undefined) expect(error.port).toBe(config.port);
      else expect(error.address).toBe(config.path);
    },
  );

  it('names the call that failed: a local address that is not of this machine', async () => {
    const error = await failureOf({ host: '127.0.0.1', port: 9, localAddress: '192.0.2.1' });
    expect(error).toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'bind' });
  });

  describe('a name', () => {
    const answering =
      (...addresses: string[]): NonNullable<ConnectConfig['lookup']> =>
      (_host, _options, answer) => {
        (answer as (error: null, list: { address: string; family: number }[]) => void)(
          null,
          addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
        );
      };

    it('is looked up by the resolver given, as net calls it', async () => {
      const port = await serverAt({}, (socket) => socket.end('x'));
      const asked: unknown[] = [];
      const conn = await firstValueFrom(
        base.connect({
          host: 'name.test',
          family: 4,
          port,
          lookup: (host, options, answer) => {
            asked.push([host, options]);
            answer(null, '127.0.0.1', 4);
          },
        }),
      );
      expect(asked).toEqual([['name.test', { all: true, family: 4 }]]);
      expect(conn.remoteAddress).toEqual({ family: 'IPv4', address: '127.0.0.1', port });
    });

    it('has every address tried, the families taking turns', async () => {
      const port = await deadPort();
      const lookup = answering('127.0.0.2', '127.0.0.3', '::1');
      const error = await failureOf({ host: 'name.test', port, lookup });
      expect(error.errors?.map(({ address }) => address)).toEqual([
        '127.0.0.2',
        '::1',
        '127.0.0.3',
      ]);
      expect(error.errors?.every((each) => each.port === port)).toBe(true);
      expect(error).toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.3', port });
    });

    it('ends at the first address that accepts', async () => {
      const port = await serverAt({}, (socket) => socket.end('x'));
      const lookup = answering('127.0.0.2', '127.0.0.1', '127.0.0.3');
      const conn = await firstValueFrom(base.connect({ host: 'name.test', port, lookup }));
      expect(conn.remoteAddress.address).toBe('127.0.0.1');
    });

    it('waits for an address that answers late, while the others are tried', async () => {
      // Two connections fill a queue of one: the third waits until there is room.
      const listener = base.listen({ host: '127.0.0.2', backlog: 1 });
      const release = listener.hold();
      const subscription = listener.subscribe((conn) => {
        conn.complete();
      });
      const { port } = await firstValueFrom(listener.bound);
      const fillers = [0, 1].map(() => connectSocket({ host: '127.0.0.2', port }));
      await Promise.all(fillers.map((filler) => once(filler, 'connect')));
      const lookup = answering('127.0.0.2', '127.0.0.3', '127.0.0.4');
      const connected = firstValueFrom(
        base.connect({ host: 'name.test', port, lookup, attemptDelayMs: 10 }),
      );
      // Meanwhile the others refuse.
      await firstValueFrom(base.timer(30));
      release();
      expect((await connected).remoteAddress.address).toBe('127.0.0.2');
      subscription.unsubscribe();
      for (const filler of fillers) filler.destroy();
    });

    it('that is unknown is an error of getaddrinfo', async () => {
      const error = await failureOf({ host: 'nobody.invalid', port: 80 });
      expect(error).toMatchObject({ syscall: 'getaddrinfo', address: 'nobody.invalid', port: 80 });
      expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(error.code);
    });

    it('whose resolver answers nothing, rubbish or throws is an error, too', async () => {
      const none = await failureOf({ host: 'name.test', port: 80, lookup: answering() });
      const rubbish = await failureOf({
        host: 'name.test',
        port: 80,
        lookup: answering('rubbish'),
      });
      const thrown = await failureOf({
        host: 'name.test',
        port: 80,
        lookup: () => {
          throw new Error('out of names');
        },
      });
      expect([none.code, rubbish.code, thrown.code]).toEqual([
        'ENOTFOUND',
        'ENOTFOUND',
        'ENOTFOUND',
      ]);
      expect(thrown.message).toContain('out of names');
    });

    it('is forgotten by a subscriber that leaves meanwhile', () => {
      let answer: (error: null, address: string, family: number) => void = () => {};
      const subscriber = { next: jest.fn(), error: jest.fn(), complete: jest.fn() };
      base
        .connect({
          host: 'name.test',
          port: 80,
          lookup: (_host, _options, callback) => {
            answer = callback;
          },
        })
        .subscribe(subscriber)
        .unsubscribe();
      const before = base.stats.taken;
      answer(null, '127.0.0.1', 4);
      expect(base.stats.taken).toBe(before);
      expect(subscriber.error).not.toHaveBeenCalled();
    });
  });

  describe('a peer that does not answer', () => {
    // A listener whose backlog is full lets a SYN wait.
    async function silentPort(host: string): Promise<number> {
      const server = createServer();
      servers.push(server);
      server.listen({ host, port: 0, backlog: 0 });
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      return port;
    }

    it('ends with ETIMEDOUT after connectTimeoutMs', async () => {
      const error = await failureOf({
        host: 'name.test',
        port: 80,
        connectTimeoutMs: 20,
        lookup: () => {},
      });
      expect(error).toMatchObject({
        code: 'ETIMEDOUT',
        syscall: 'connect',
        address: 'name.test',
        port: 80,
      });
      expect(error.message).toContain('20 ms');
    });

    it('can be given up by unsubscribing', async () => {
      const port = await silentPort('127.0.0.1');
      base.connect({ host: '127.0.0.1', port }).subscribe().unsubscribe();
    });
  });

  describe('signal', () => {
    it('that is aborted already: AbortError, not inside the call, and nothing is opened', async () => {
      let inside = true;
      const error = await new Promise<Failure>((resolve, reject) => {
        base.connect({ port: 9, signal: AbortSignal.abort('why') }).subscribe({
          error: (failure: Failure) => (inside ? reject(new Error('inside')) : resolve(failure)),
        });
        inside = false;
      });
      expect(error).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'why' });
    });

    it('aborts a look-up', async () => {
      const aborter = new AbortController();
      const failed = failureOf({
        host: 'name.test',
        port: 80,
        signal: aborter.signal,
        lookup: () => {
          aborter.abort();
        },
      });
      await expect(failed).resolves.toMatchObject({ name: 'AbortError' });
    });

    it('ends an open connection at once', async () => {
      const aborter = new AbortController();
      let closed: Promise<unknown> = Promise.resolve();
      const port = await serverAt({}, (socket) => {
        closed = once(socket, 'close');
        socket.resume();
      });
      const ended = lastValueFrom(
        base.connect({ host: '127.0.0.1', port, signal: aborter.signal }).pipe(
          tap(() => {
            setImmediate(() => {
              aborter.abort();
            });
          }),
        ),
      );
      await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
      await closed;
    });

    it('is let go when the connection has ended', async () => {
      const { signal } = new AbortController();
      const removed = jest.spyOn(signal, 'removeEventListener');
      const port = await serverAt({}, (socket) => socket.end());
      await lastValueFrom(base.connect({ host: '127.0.0.1', port, signal }));
      expect(removed).toHaveBeenCalledTimes(1);
    });
  });

  it('fails when its rate-limit group is closed while it is under way', async () => {
    const ended = new Subject<void>();
    const port = await serverAt({}, (socket) => {
      socket.resume().on('close', () => {
        ended.next();
      });
    });
    const gone = firstValueFrom(ended, { defaultValue: undefined });
    const rateLimitGroup = base.rateLimitGroup({ readBytesPerSecond: 1e6 });
    const failed = failureOf({ host: '127.0.0.1', port, rateLimitGroup });
    rateLimitGroup.close();
    expect(await failed).toMatchObject({
      code: 'ERR_CLOSED',
      syscall: 'bufferevent_add_to_rate_limit_group',
    });
    await gone;
  });

  it('errors with the connection', async () => {
    const port = await serverAt({}, (socket) => socket.resetAndDestroy());
    const seen = await lastValueFrom(
      base.connect({ host: '127.0.0.1', port }).pipe(
        map(() => 'connected'),
        materialize(),
        toArray(),
      ),
    );
    expect(seen).toMatchObject([
      { kind: 'N', value: 'connected' },
      { kind: 'E', error: { code: 'ECONNRESET' } },
    ]);
  });

  it('errors with what a failed source has ended the connection with', async () => {
    const port = await serverAt({}, (socket) => socket.resume());
    const ended = lastValueFrom(
      base.connect({ host: '127.0.0.1', port }).pipe(
        tap((conn) => {
          conn.error(new Error('the source has failed'));
        }),
      ),
    );
    await expect(ended).rejects.toThrow('the source has failed');
  });

  it('with switchMap and retry is a client that reconnects', async () => {
    let accepted = 0;
    const port = await serverAt({}, (socket) => {
      accepted += 1;
      if (accepted < 3) socket.resetAndDestroy();
      else socket.end('at last\n');
    });
    const seen = await firstValueFrom(
      base.connect({ host: '127.0.0.1', port }).pipe(
        switchMap((conn) => conn.pipe(lines())),
        retry({ delay: 0 }),
      ),
    );
    expect([seen, accepted]).toEqual(['at last', 3]);
  });

  it('sends what has been written, then FIN, when it is unsubscribed', async () => {
    const received = new Subject<number>();
    const port = await serverAt({}, (socket) => {
      let bytes = 0;
      socket.on('data', (data) => (bytes += data.length));
      socket.on('end', () => {
        received.next(bytes);
      });
    });
    const total = firstValueFrom(received);
    const big = 'x'.repeat(3_000_000);
    await firstValueFrom(
      base.connect({ host: '127.0.0.1', port }).pipe(
        tap((conn) => {
          conn.next(big);
        }),
      ),
    );
    await expect(total).resolves.toBe(big.length);
  });

  it('leaves this end open after the FIN of the peer, if asked to', async () => {
    let received: Promise<string> = Promise.resolve('');
    const port = await serverAt({ allowHalfOpen: true }, (socket) => {
      socket.end('ask\n');
      received = once(socket, 'data').then(([data]) => String(data));
    });
    await lastValueFrom(
      base.connect({ host: '127.0.0.1', port, allowHalfOpen: true }).pipe(
        switchMap((conn) =>
          conn.pipe(
            lines(),
            toArray(),
            concatMap(() => of('answer').pipe(sendTo(conn))),
            tap({ complete: () => conn.complete() }),
          ),
        ),
      ),
      { defaultValue: undefined },
    );
    await expect(received).resolves.toBe('answer');
  });

  it('completes when its base is closed, connecting or connected', async () => {
    const other = new EventBase();
    const port = await serverAt({}, (socket) => socket.resume());
    const connected = lastValueFrom(
      other.connect({ host: '127.0.0.1', port }).pipe(
        map(() => 'connected'),
        tap(() => void other.close()),
      ),
    );
    const lookingUp = lastValueFrom(other.connect({ host: 'name.test', port, lookup: () => {} }), {
      defaultValue: 'completed',
    });
    await expect(connected).resolves.toBe('connected');
    await expect(lookingUp).resolves.toBe('completed');
    await other.close();
    await expect(lastValueFrom(other.connect({ host: '127.0.0.1', port }))).rejects.toMatchObject({
      code: 'ERR_BASE_CLOSED',
    });
  });

  it('uses the default base as a free function', async () => {
    const port = await serverAt({}, (socket) => socket.end('x'));
    const conn: Connection = await firstValueFrom(connect({ host: '127.0.0.1', port }));
    await lastValueFrom(conn.whenClosed);
    await EventBase.default.close();
  });

  it('spreads connections over the reactors of its base', async () => {
    const other = new EventBase({ threads: 2 });
    const port = await serverAt({}, (socket) => socket.resume());
    await lastValueFrom(defer(() => other.connect({ host: '127.0.0.1', port }).pipe(take(1))));
    await other.close();
  });

  it.each<[string, unknown, RegExp]>([
    ['no port', {}, /port must be a number/],
    ['port 0', { port: 0 }, /port must be a whole number of ports from 1 to 65535, got 0/],
    ['a port that is none', { port: 65536 }, /from 1 to 65535, got 65536/],
    ['an empty host', { port: 1, host: '' }, /host must not be empty/],
    ['an empty path', { path: '' }, /path must not be empty/],
    ['a path that is too long', { path: 'x'.repeat(108) }, /at most 107 bytes, got 108/],
    ['a path with NUL', { path: 'a\0b' }, /no NUL/],
    ['path and port', { path: '/x', port: 1 }, /give no port/],
    ['a family that is none', { port: 1, family: 5 }, /family must be 0, 4 or 6/],
    ['families that differ', { port: 1, host: '::1', family: 4 }, /one family/],
    ['a local name', { port: 1, localAddress: 'name' }, /localAddress must be a numeric address/],
    ['a local port that is none', { port: 1, localPort: -1 }, /localPort/],
    ['a timeout below 0', { port: 1, connectTimeoutMs: -1 }, /connectTimeoutMs .* ms from 0/],
    ['a short attempt', { port: 1, attemptDelayMs: 9 }, /attemptDelayMs .* ms from 10/],
    ['a deadline of 0', { port: 1, closeDeadlineMs: 0 }, /closeDeadlineMs .* ms from 1/],
    ['no signal', { port: 1, signal: {} }, /AbortSignal/],
    ['no resolver', { port: 1, lookup: 'dns' }, /lookup must be a function/],
    ['keep-alive in fractions', { port: 1, keepAliveSeconds: 0.5 }, /keepAliveSeconds .* seconds/],
    ['marks', { port: 1, write: { low: 2, high: 1 } }, /write.low/],
    ['nothing', undefined, /config must be an object/],
  ])('refuses at the call: %s', (_, config, message) => {
    expect(() => base.connect(config as ConnectConfig)).toThrow(message);
  });
});
