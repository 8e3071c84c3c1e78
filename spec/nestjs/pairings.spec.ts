import { once } from 'node:events';
import { connect, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import type { ConnectionOptions, TlsOptions } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import {
  type ClientProxy,
  ClientTCP,
  type IncomingResponse,
  type Server,
  ServerTCP,
} from '@nestjs/microservices';
import {
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  Observable,
  of,
  Subject,
  throwError,
  toArray,
} from 'rxjs';
import { EventBase, holdable } from 'rxjs-libevent';
import { Certificates } from '../tls/support/certificates';
import {
  LibeventClient,
  type LibeventClientOptions,
  type LibeventContext,
  LibeventServer,
  type LibeventServerOptions,
} from 'rxjs-libevent/nestjs';

Logger.overrideLogger(false);

const ANY = { host: '127.0.0.1', port: 0 };
const MEGABYTE = 'x'.repeat(1 << 20);

/** Two characters of two bytes each. */
const UMLAUTS = '{"pattern":"üö"}';
const DEEP = '['.repeat(50_000) + ']'.repeat(50_000);

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

let base: EventBase;
let closing: (() => unknown)[];

beforeEach(() => {
  base = new EventBase();
  closing = [];
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  await base.close();
});

/** The options that make a pairing a secured one. */
interface Secured<T> {
  readonly tlsOptions?: T;
}

/** What the servers of both have. */
type AnyServer = Pick<Server, 'addHandler' | 'listen' | 'close'>;

async function listening(server: AnyServer): Promise<void> {
  closing.push(() => server.close());
  const error = await new Promise<unknown>((resolve) => {
    server.listen(resolve);
  });
  expect(error).toBeUndefined();
}

async function libeventServer(
  handlers: (server: AnyServer) => void,
  options: LibeventServerOptions = {},
): Promise<{ server: LibeventServer; port: number }> {
  const server = new LibeventServer({ ...ANY, base, shutdownDeadlineMs: 0, ...options });
  handlers(server);
  await listening(server);
  return { server, port: (await firstValueFrom(server.unwrap().bound)).port };
}

async function nestServer(
  handlers: (server: AnyServer) => void,
  options: Secured<TlsOptions> = {},
): Promise<{ port: number }> {
  const server = new ServerTCP({ ...ANY, ...options });
  handlers(server);
  await listening(server);
  return { port: (server.unwrap<NetServer>().address() as AddressInfo).port };
}

function libeventClient(port: number, options: LibeventClientOptions = {}): LibeventClient {
  const client = new LibeventClient({ host: '127.0.0.1', port, base, ...options });
  closing.push(() => client.close());
  return client;
}

function nestClient(port: number, options: Secured<ConnectionOptions> = {}): ClientTCP {
  const client = new ClientTCP({ host: '127.0.0.1', port, ...options });
  closing.push(() => client.close());
  return client;
}

const certificates = new Certificates();
afterAll(() => certificates.remove());

const plain = { server: {}, client: {} };
const overTls = {
  server: { tlsOptions: certificates.server },
  client: { tlsOptions: { ca: certificates.ca, servername: 'localhost' } },
};

describe.each([
  ['LibeventServer, ClientTCP', libeventServer, nestClient, plain],
  ['ServerTCP, LibeventClient', nestServer, libeventClient, plain],
  ['LibeventServer, LibeventClient', libeventServer, libeventClient, plain],
  ['ServerTCP, ClientTCP', nestServer, nestClient, plain],
  ['LibeventServer, ClientTCP, over TLS', libeventServer, nestClient, overTls],
  ['ServerTCP, LibeventClient, over TLS', nestServer, libeventClient, overTls],
  ['LibeventServer, LibeventClient, over TLS', libeventServer, libeventClient, overTls],
] as const)('%s', (_pairing, serverOf, clientOf, { server: atServer, client: atClient }) => {
  let client: Pick<ClientProxy, 'send' | 'emit'>;
  const events = new Subject<unknown>();

  beforeEach(async () => {
    const { port } = await serverOf((server) => {
      server.addHandler('sum', (data: number[]) => Promise.resolve(data.reduce((a, b) => a + b)));
      server.addHandler({ cmd: 'echo' }, (data: unknown) => Promise.resolve(of(data)));
      server.addHandler('count', (data: number) =>
        Promise.resolve(
          new Observable<number>((subscriber) => {
            let count = 0;
            const next = (): void => {
              if (count === data) subscriber.complete();
              else setImmediate(next);
              if (count < data) subscriber.next((count += 1));
            };
            next();
          }),
        ),
      );
      server.addHandler('nothing', () => Promise.resolve(EMPTY));
      server.addHandler('undefined', () => Promise.resolve(undefined));
      server.addHandler('fails', () =>
        Promise.resolve(throwError(() => ({ status: 'error', message: 'on purpose' }))),
      );
      const hear = (data: unknown): Promise<void> => {
        events.next(data);
        return Promise.resolve();
      };
      server.addHandler('said', hear, true);
    }, atServer);
    client = clientOf(port, atClient);
  });

  const answers = (pattern: unknown, data: unknown): Promise<unknown> =>
    lastValueFrom(client.send<unknown>(pattern, data).pipe(toArray()));

  it('answers once, and completes', async () => {
    expect(await answers('sum', [1, 2, 3])).toEqual([6]);
  });

  it('finds a pattern that is an object', async () => {
    expect(await answers({ cmd: 'echo' }, { a: ['b'] })).toEqual([{ a: ['b'] }]);
  });

  it('counts UTF-16 units, whatever the text', async () => {
    for (const text of ['h\u00e9', '\u{1f600}#5#', '\u2028\ud800', 'x'.repeat(100_000)]) {
      expect(await answers({ cmd: 'echo' }, text)).toEqual([text]);
    }
  });

  it('passes a stream of answers, in order', async () => {
    expect(await answers('count', 5)).toEqual([1, 2, 3, 4, 5]);
  });

  it('passes an empty stream, and no value', async () => {
    expect(await answers('nothing', 1)).toEqual([]);
    expect(await answers('undefined', 1)).toEqual([]);
  });

  it('passes an error', async () => {
    await expect(answers('fails', 1)).rejects.toEqual({ status: 'error', message: 'on purpose' });
  });

  it('says when nobody handles a message', async () => {
    await expect(answers('nowhere', 1)).rejects.toMatch(/no matching message handler/);
  });

  it('answers many at a time', async () => {
    const sums = Array.from({ length: 500 }, (_value, index) => answers('sum', [index, 1]));
    expect(await Promise.all(sums)).toEqual(sums.map((_sum, index) => [index + 1]));
  });

  it('passes an event', async () => {
    const heard = firstValueFrom(events);
    await lastValueFrom(client.emit('said', { it: 1 }), { defaultValue: undefined });
    expect(await heard).toEqual({ it: 1 });
  });
});

describe('LibeventServer', () => {
  async function raw(port: number): Promise<Socket> {
    const socket = connect(port, '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  }

  async function gone(socket: Socket): Promise<void> {
    if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
  }

  const packet = (value: unknown): string => {
    const json = JSON.stringify(value);
    return `${json.length}#${json}`;
  };

  it('merges isDisposed into the last answer, and sends others at once', async () => {
    const source = new Subject<number>();
    const { port } = await libeventServer((server) => {
      server.addHandler('one', () => Promise.resolve('answer'));
      server.addHandler('many', () => Promise.resolve(source));
    });
    const socket = await raw(port);
    socket.write(packet({ pattern: 'one', id: '1', data: 0 }));
    expect(String((await once(socket, 'data'))[0])).toBe(
      packet({ response: 'answer', isDisposed: true, id: '1' }),
    );
    socket.write(packet({ pattern: 'many', id: '2', data: 0 }));
    while (!source.observed) await new Promise(setImmediate);
    source.next(1);
    expect(String((await once(socket, 'data'))[0])).toBe(packet({ response: 1, id: '2' }));
    source.next(2);
    source.complete();
    expect(String((await once(socket, 'data'))[0])).toBe(
      packet({ response: 2, isDisposed: true, id: '2' }),
    );
  });

  it('gives handlers the connection and the pattern', async () => {
    const { port } = await libeventServer((server) => {
      server.addHandler('who', (_data, context: LibeventContext) =>
        Promise.resolve([context.getConnection().remoteAddress.port, context.getPattern()]),
      );
    });
    const client = libeventClient(port);
    const [from, pattern] = await lastValueFrom(client.send<[number, string]>('who', 1));
    expect(from).toBe(client.unwrap().localAddress.port);
    expect(pattern).toBe('who');
  });

  it('answers an error for a handler that throws, and for what JSON cannot say', async () => {
    const { port } = await libeventServer((server) => {
      server.addHandler('throws', () => Promise.reject(new Error('on purpose')));
      server.addHandler('big', () => Promise.resolve(1n));
    });
    const client = libeventClient(port);
    await expect(lastValueFrom(client.send('throws', 1))).rejects.toBe('on purpose');
    await expect(lastValueFrom(client.send('big', 1))).rejects.toMatch(/BigInt/);
  });

  it('waits for a client that does not read: 100 answers of 1 MB, bounded', async () => {
    let started = 0;
    const { port } = await libeventServer(
      (server) => {
        server.addHandler('megabyte', (data: number) => {
          started += 1;
          return Promise.resolve(`${data} ${MEGABYTE}`);
        });
      },
      { concurrency: 8 },
    );
    const socket = await raw(port);
    for (let id = 0; id < 100; id += 1) {
      socket.write(packet({ pattern: 'megabyte', id: String(id), data: id }));
    }
    await once(socket, 'readable');
    // Nobody reads: the handlers of what fits are run, and no others.
    for (let turn = 0, before = -1; turn < 200; turn += 1) {
      turn = started === before ? turn : 0;
      before = started;
      await new Promise(setImmediate);
    }
    expect(started).toBeLessThan(40);
    const expected = Array.from({ length: 100 }, (_value, id) => {
      const frame = packet({ response: `${id} `, isDisposed: true, id: String(id) });
      // The digits of the length, and the text itself.
      return frame.length - frame.indexOf('#') + MEGABYTE.length + '1048630'.length;
    }).reduce((total, one) => total + one);
    let received = 0;
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.length;
        if (received >= expected) resolve();
      });
    });
    expect(received).toBe(expected);
    expect(started).toBe(100);
  });

  it('holds the Observable of a handler while its client does not read', async () => {
    let paused = 0;
    let given = 0;
    const values = new Subject<string>();
    const { port } = await libeventServer((server) => {
      server.addHandler('stream', () =>
        Promise.resolve(holdable(values, { pause: () => (paused += 1), resume: () => undefined })),
      );
    });
    const socket = await raw(port);
    socket.write(packet({ pattern: 'stream', id: '1', data: 0 }));
    while (!values.observed) await new Promise(setImmediate);
    while (paused === 0) {
      values.next(MEGABYTE);
      given += 1;
      await new Promise(setImmediate);
    }
    expect(given).toBeLessThan(40);
    values.complete();
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => (text += chunk));
    while (!text.includes('isDisposed')) await once(socket, 'data');
    expect(text.length).toBeGreaterThan(given * MEGABYTE.length);
  });

  it.each([
    ['a length that is no number', 'hello#{}'],
    ['a length beyond maxBufferSize', '200001#'],
    ['a length that lies', '3#{"pattern":"sum"}'],
    ['a length in bytes, not in UTF-16 units', `${Buffer.byteLength(UMLAUTS)}#${UMLAUTS}{}`],
    ['bytes that are no UTF-8', Buffer.from('4#{"\xff"}', 'latin1')],
    ['no JSON', '5#hello'],
  ])('ends a connection that sends %s, and no other', async (_what, garbage) => {
    const { server, port } = await libeventServer(
      (it) => it.addHandler('sum', () => Promise.resolve(6)),
      { maxBufferSize: 200_000 },
    );
    const failed = new Promise<Error>((resolve) => server.on('error', resolve));
    const socket = await raw(port);
    socket.write(garbage);
    expect(await failed).toHaveProperty('code');
    await gone(socket);
    expect(await lastValueFrom(libeventClient(port).send('sum', 1))).toBe(6);
  });

  it.each([
    ['nothing', {}],
    ['an event that nobody handles', { pattern: 'nowhere' }],
    ['a pattern that is nested too deep', { pattern: nested(3000) }],
    ['a pattern of another kind', { pattern: 5, id: {} }],
    ['a prototype', { pattern: '__proto__', id: '1' }],
    ['a list instead of an object', []],
    ['an answer instead of a question', { id: '1', response: 1, err: {}, isDisposed: true }],
    ['data that are nested too deep to be answered', `{"pattern":"echo","id":"1","data":${DEEP}}`],
    ['half a pair of surrogates', { pattern: 'echo', id: '1', data: '\ud800' }],
  ])('goes on after a packet with %s', async (_what, value) => {
    const { port } = await libeventServer((it) => {
      it.addHandler('sum', () => Promise.resolve(6));
      it.addHandler('echo', (data: unknown) => Promise.resolve(data));
    });
    const socket = await raw(port);
    const json = typeof value === 'string' ? value : JSON.stringify(value);
    socket.write(`${json.length}#${json}`);
    socket.write(packet({ pattern: 'sum', id: 'last', data: 0 }));
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    while (!text.includes('"last"')) await once(socket, 'data');
    expect(text).toContain('"response":6');
  });

  it.each([
    ['that answers', 'sum'],
    ['that streams', 'numbers'],
    ['that throws', 'fails'],
    ['that does not exist', 'nowhere'],
  ])('ends a connection whose id cannot be encoded, with a handler %s', async (_what, pattern) => {
    const { server, port } = await libeventServer((it) => {
      it.addHandler('sum', () => Promise.resolve(6));
      it.addHandler('numbers', () => Promise.resolve(of(1, 2)));
      it.addHandler('fails', () => Promise.reject(new RangeError('fails')));
    });
    const failed = new Promise((resolve) => server.on('error', resolve));
    const socket = await raw(port);
    const json = `{"pattern":"${pattern}","id":${DEEP}}`;
    socket.write(`${json.length}#${json}`);
    expect(await failed).toHaveProperty('name', 'RangeError');
    await gone(socket);
    expect(await lastValueFrom(libeventClient(port).send('sum', 1))).toBe(6);
  });

  it('answers a handler that fails with what JSON cannot say', async () => {
    const { port } = await libeventServer((it) => {
      const cycle: Record<string, unknown> = {};
      cycle['cause'] = cycle;
      it.addHandler('cycle', () => Promise.resolve(throwError(() => cycle)));
      it.addHandler('nothing', () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error
        throw null;
      });
    });
    const client = libeventClient(port);
    await expect(lastValueFrom(client.send('cycle', 1))).rejects.toContain('circular');
    await expect(lastValueFrom(client.send('nothing', 1))).rejects.toBe('null');
  });

  it('drops a peer that never ends a packet', async () => {
    const { server, port } = await libeventServer(() => {}, { incompleteMessageTimeout: 5 });
    const failed = new Promise<Error>((resolve) => server.on('error', resolve));
    const socket = await raw(port);
    socket.write('100#{"a":');
    expect(await failed).toMatchObject({ code: 'ETIMEDOUT' });
    await gone(socket);
  });

  it('answers what is under way when it closes, then ends', async () => {
    let finish!: (value: string) => void;
    const { server, port } = await libeventServer(
      (it) => it.addHandler('slow', () => new Promise((resolve) => (finish = resolve))),
      { shutdownDeadlineMs: 10_000 },
    );
    const answer = lastValueFrom(nestClient(port).send('slow', 1));
    while (typeof finish !== 'function') await new Promise(setImmediate);
    const closed = server.close();
    finish('late');
    expect(await answer).toBe('late');
    await closed;
    expect(await firstValueFrom(server.status)).toBe('disconnected');
  });

  it('cuts what takes too long when it closes', async () => {
    const { server, port } = await libeventServer(
      (it) => it.addHandler('never', () => Promise.resolve(NEVER)),
      { shutdownDeadlineMs: 1 },
    );
    const answer = lastValueFrom(libeventClient(port).send('never', 1));
    answer.catch(() => {});
    while (base.stats.receivedBytes === 0) await new Promise(setImmediate);
    await server.close();
    await expect(answer).rejects.toBeDefined();
  });

  it('reports a port that is taken', async () => {
    const { port } = await libeventServer(() => {});
    const second = new LibeventServer({ ...ANY, base, port });
    const error = await new Promise((resolve) => {
      second.listen(resolve);
    });
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  it('has a status and its listener', async () => {
    const server = new LibeventServer({ ...ANY, base });
    expect(() => server.unwrap()).toThrow('not listening');
    const heard = new Promise<void>((resolve) => server.on('listening', resolve));
    await listening(server);
    await heard;
    expect(await firstValueFrom(server.status)).toBe('connected');
  });

  it('refuses options that it does not know, or out of bounds', () => {
    expect(() => new LibeventServer({ maxBufferSize: 0 })).toThrow('UTF-16 units');
    expect(() => new LibeventServer({ concurrency: 0 })).toThrow(RangeError);
    expect(() => new LibeventServer({ tls: { key: '' }, tlsOptions: {} })).toThrow('not both');
    expect(() => new LibeventServer({ tlsOptions: { SNICallback: () => {} } })).toThrow('take sni');
    const server = new LibeventServer({ ...ANY, base, maxBuffer: 1 } as LibeventServerOptions);
    expect(() => {
      server.listen(() => {});
    }).toThrow("unknown option 'maxBuffer'");
    const secured = new LibeventServer({ ...ANY, base, tlsOptions: { enableTrace: true } });
    expect(() => {
      secured.listen(() => {});
    }).toThrow("unknown option 'enableTrace'");
  });
});

describe('LibeventClient', () => {
  it('connects again after the connection was lost; what was under way fails', async () => {
    const path = join(tmpdir(), `nestjs-${process.pid}.sock`);
    const start = async (): Promise<LibeventServer> => {
      const server = new LibeventServer({ path, base, shutdownDeadlineMs: 1 });
      server.addHandler('sum', () => Promise.resolve(6));
      server.addHandler('never', () => Promise.resolve(NEVER));
      await listening(server);
      return server;
    };
    const first = await start();
    const client = new LibeventClient({ path, base });
    closing.push(() => client.close());
    const states: string[] = [];
    client.status.subscribe((state) => states.push(state));
    expect(await lastValueFrom(client.send('sum', 1))).toBe(6);
    const lost = lastValueFrom(client.send('never', 1));
    const closed = new Promise<void>((resolve) => client.on('close', resolve));
    lost.catch(() => {});
    await first.close();
    await closed;
    await expect(lost).rejects.toBeInstanceOf(Error);
    await start();
    expect(await lastValueFrom(client.send('sum', 1))).toBe(6);
    expect(states).toEqual(['connected', 'disconnected', 'connected']);
  });

  it('fails while nobody listens, and connects when somebody does', async () => {
    const { server, port } = await libeventServer(() => {});
    await server.close();
    const client = libeventClient(port);
    await expect(lastValueFrom(client.send('sum', 1))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    await libeventServer((it) => it.addHandler('sum', () => Promise.resolve(6)), { port });
    expect(await lastValueFrom(client.send('sum', 1))).toBe(6);
  });

  it('has one connection when it is closed and wanted again while it connects', async () => {
    const { port } = await libeventServer((it) => it.addHandler('sum', () => Promise.resolve(6)));
    const client = libeventClient(port);
    let connects = 0;
    client.on('connect', () => (connects += 1));
    const first = client.connect();
    client.close();
    const second = await client.connect();
    await lastValueFrom((await first).whenClosed, { defaultValue: undefined });
    expect([connects, client.unwrap()]).toEqual([1, second]);
    expect(await lastValueFrom(client.send('sum', 1))).toBe(6);
  });

  it('shares one attempt to connect, and its connection', async () => {
    const { port } = await libeventServer(() => {});
    const client = libeventClient(port);
    expect(() => client.unwrap()).toThrow('not connected');
    const [one, two] = await Promise.all([client.connect(), client.connect()]);
    expect(one).toBe(two);
    expect(client.unwrap()).toBe(one);
  });

  it('fails for a request that JSON cannot say', async () => {
    const { port } = await libeventServer(() => {});
    await expect(lastValueFrom(libeventClient(port).send('sum', 1n))).rejects.toThrow(TypeError);
  });

  it('reports an answer that its deserializer refuses, and goes on', async () => {
    const { port } = await libeventServer((it) => it.addHandler('sum', () => Promise.resolve(6)));
    const refused = new Error('refused');
    let answers = 0;
    const deserializer = {
      deserialize: (packet: unknown) => {
        answers += 1;
        if (answers === 1) throw refused;
        return packet as IncomingResponse;
      },
    };
    const client = libeventClient(port, { deserializer });
    const reported = new Promise((resolve) => client.on('error', resolve));
    const lost = client.send('sum', 1).subscribe();
    expect(await reported).toBe(refused);
    lost.unsubscribe();
    expect(await lastValueFrom(client.send('sum', 1))).toBe(6);
  });

  it('fails what is under way when its server sends garbage', async () => {
    const server = base.listen({ host: '127.0.0.1' });
    const bound = firstValueFrom(server.bound);
    const listened = server.subscribe((conn) => {
      conn.subscribe({ next: () => conn.next('garbage'), error: () => {} });
    });
    closing.push(() => listened.unsubscribe());
    const client = libeventClient((await bound).port);
    await expect(lastValueFrom(client.send('sum', 1))).rejects.toMatchObject({
      code: 'ERR_FRAME_LENGTH',
    });
  });
});
