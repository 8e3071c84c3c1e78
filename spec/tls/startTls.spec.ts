import { once } from 'node:events';
import {
  type AddressInfo,
  type Socket,
  connect as connectTcp,
  createServer as createTcpServer,
} from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, TLSSocket, createSecureContext } from 'node:tls';
import {
  NEVER,
  type Observable,
  concatMap,
  firstValueFrom,
  lastValueFrom,
  map,
  take,
  tap,
  toArray,
} from 'rxjs';
import { type Connection, EventBase, lines, sendTo, startTls } from 'rxjs-libevent';
import { pattern } from '../support/pattern.cjs';
import { until } from '../support/until';
import { Certificates } from './support/certificates';
import { ENGINES, HOST, closed, ended, serveTls } from './support/servers';

/** The wire of a client of node:tls, whose greeting a test sends as it likes. */
class Delayed extends Duplex {
  readonly greeting: Promise<Buffer>;
  private onGreeting: (bytes: Buffer) => void = () => {};
  private state: 'greeting' | 'open' = 'greeting';
  private readonly waiting: (() => void)[] = [];

  constructor(readonly socket: Socket) {
    super();
    this.greeting = new Promise((resolve) => {
      this.onGreeting = resolve;
    });
    socket.on('data', (chunk) => this.push(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
  }

  /** The greeting has been sent. */
  go(): void {
    this.state = 'open';
    for (const done of this.waiting.splice(0)) done();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.state === 'open') {
      this.socket.write(chunk, done);
      return;
    }
    this.onGreeting(chunk);
    this.waiting.push(done);
  }

  override _final(done: () => void): void {
    this.socket.end(done);
  }
}

const WAYS = ENGINES.flatMap((engine) =>
  ([0, 1, 'auto'] as const).map((threads) => ({ engine, threads })),
);

describe.each(WAYS)('startTls by $engine, threads: $threads', ({ engine, threads }) => {
  let certificates: Certificates;
  let base: EventBase;
  beforeAll(() => {
    certificates = new Certificates();
  });
  afterAll(() => {
    certificates.remove();
  });
  beforeEach(() => {
    base = new EventBase({ threads });
  });
  afterEach(() => base.close());

  /** Answers STARTTLS and then secures, as a server of SMTP does. */
  const upgrade = (conn: Connection) =>
    conn.pipe(
      lines(),
      take(1),
      concatMap(() => {
        conn.next('220 go on\r\n');
        return startTls(conn, { ...certificates.server, engine, isServer: true });
      }),
      concatMap((secured) =>
        secured.pipe(
          lines(),
          map((line) => `${line.toUpperCase()}\n`),
          sendTo(secured),
        ),
      ),
    );

  const plain = (handler: (conn: Connection) => Observable<unknown>) =>
    serveTls(base, undefined, handler);

  it('secures a connection of a client of node:tls, as a server', async () => {
    const { port, connections } = await plain(upgrade);
    const socket = connectTcp(port, HOST);
    socket.write('STARTTLS\r\n');
    expect(String((await once(socket, 'data'))[0])).toBe('220 go on\r\n');
    const secured = connectTls({ socket, ca: certificates.ca, servername: 'localhost' });
    await once(secured, 'secureConnect');
    secured.end('hello\n');
    expect(await ended(secured)).toBe('HELLO\n');
    expect(connections[0]?.tls?.servername).toBe('localhost');
  });

  it('secures a connection to a server of node:tls, as a client', async () => {
    const server = createTcpServer((socket) => {
      socket.once('data', () => {
        socket.write('ready\n', () => {
          const secureContext = createSecureContext(certificates.server);
          const secured = new TLSSocket(socket, { isServer: true, secureContext });
          secured.pipe(secured);
        });
      });
    }).listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = base.connect({ host: HOST, port }, (conn) => {
      conn.next('STARTTLS\n');
      return conn.pipe(
        lines(),
        take(1),
        concatMap(() => startTls(conn, { ca: certificates.ca, engine, servername: 'localhost' })),
        tap((secured) => {
          secured.next('secret\n');
        }),
        concatMap((secured) => secured.pipe(lines(), take(1))),
      );
    });
    expect(await lastValueFrom(answer)).toBe('secret');
    server.close();
  });

  it('sends what is written within the handshake behind it', async () => {
    const { port, connections } = await plain(() => NEVER);
    const client = await base.open({ host: HOST, port });
    await until(() => connections.length === 1);
    const server = connections[0]!;
    const both = [
      firstValueFrom(startTls(server, { ...certificates.server, engine, isServer: true })),
      firstValueFrom(startTls(client, { ca: certificates.ca, engine, servername: 'localhost' })),
    ];
    client.next('early');
    expect(String(await firstValueFrom(server))).toBe('early');
    expect(await Promise.all(both)).toEqual([server, client]);
    client.destroy();
  });

  it.each(['a socket', 'a rate limit', 'a pair'])(
    'sends what is written within the handshake, and then closes: %s',
    async (kind) => {
      let [client, server] = base.pair();
      if (kind !== 'a pair') {
        const { port, connections } = await plain(() => NEVER);
        const rateLimit = { readBytesPerSecond: 1e6, writeBytesPerSecond: 1e6 };
        const limit = kind === 'a rate limit' ? { rateLimit } : {};
        client = await base.open({ host: HOST, port, ...limit });
        await until(() => connections.length === 1);
        server = connections[0]!;
      }
      const secured = firstValueFrom(
        startTls(server, { ...certificates.server, engine, isServer: true }),
      );
      startTls(client, { ca: certificates.ca, engine, servername: 'localhost' }).subscribe();
      client.next('last words');
      client.close();
      await secured;
      expect(String(Buffer.concat(await firstValueFrom(server.pipe(toArray()))))).toBe(
        'last words',
      );
      await firstValueFrom(client.whenClosed);
      expect(client.failure).toBeUndefined();
    },
  );

  it('secures a pair, whose ends write and read at once', async () => {
    const [client, server] = base.pair();
    const bytes = pattern(2_000_000);
    const received = [client, server].map((conn) => {
      const all = conn.pipe(
        toArray(),
        map((chunks) => Buffer.concat(chunks)),
      );
      return firstValueFrom(all);
    });
    startTls(server, { ...certificates.server, engine, isServer: true }).subscribe();
    startTls(client, { ca: certificates.ca, engine, servername: 'localhost' }).subscribe();
    for (const conn of [client, server]) {
      conn.next(bytes);
      conn.complete();
    }
    expect((await Promise.all(received)).map((all) => all.equals(bytes))).toEqual([true, true]);
  });

  it('closes where a handshake fails that its last output waits for', async () => {
    const { port, connections } = await plain(() => NEVER);
    const client = await base.open({ host: HOST, port });
    await until(() => connections.length === 1);
    const failed = firstValueFrom(
      startTls(client, { ca: certificates.ca, engine, servername: 'localhost' }),
    ).catch((error: unknown) => error);
    client.next('lost');
    client.close();
    connections[0]!.next('no TLS');
    expect(await failed).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
    await firstValueFrom(client.whenClosed);
  });

  it('refuses what was injected behind STARTTLS, and resets the connection', async () => {
    const { port, sessionErrors, connections } = await plain(upgrade);
    const socket = connectTcp(port, HOST);
    socket.write('STARTTLS\r\nMAIL FROM: <injected>\r\n');
    socket.resume();
    await closed(socket);
    expect(sessionErrors).toMatchObject([{ code: 'ERR_TLS_PLAINTEXT' }]);
    expect(connections[0]?.closed).toBe(true);
  });

  /** Behind a header of the PROXY protocol, which ends with a line, a client greets at once. */
  const behindHeader = (onHeader: () => void) => (conn: Connection) =>
    conn.pipe(
      lines(),
      take(1),
      tap(onHeader),
      concatMap(() => startTls(conn, { ...certificates.server, engine, isServer: true })),
      concatMap((secured) => secured.pipe(sendTo(secured))),
    );

  const HEADER = 'PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n';

  it('takes a greeting in the segment of a PROXY header back', async () => {
    const { port } = await plain(behindHeader(() => {}));
    const wire = new Delayed(connectTcp(port, HOST));
    const secured = connectTls({ socket: wire, ca: certificates.ca, servername: 'localhost' });
    wire.socket.write(Buffer.concat([Buffer.from(HEADER), await wire.greeting]));
    wire.go();
    secured.end('behind it');
    expect(await ended(secured)).toBe('behind it');
  });

  it('takes one back that is on its way from the reactor', async () => {
    let greet = (): void => {};
    const { port } = await plain(
      behindHeader(() => {
        greet();
      }),
    );
    const wire = new Delayed(connectTcp(port, HOST));
    const secured = connectTls({ socket: wire, ca: certificates.ca, servername: 'localhost' });
    const greeting = await wire.greeting;
    await once(wire.socket, 'connect');
    greet = (): void => {
      const before = base.stats.receivedBytes;
      wire.socket.write(greeting);
      // Another thread reads it meanwhile; where there is none, it is read behind this.
      if (threads === 1) while (base.stats.receivedBytes - before < greeting.length) continue;
      wire.go();
    };
    wire.socket.write(HEADER);
    secured.end('behind it');
    expect(await ended(secured)).toBe('behind it');
  });

  it('says which connection cannot be secured, and how', async () => {
    const { port } = await plain(() => NEVER);
    const conn = await base.open({ host: HOST, port });
    expect(() => startTls(conn, {})).toThrow('config needs a servername');
    expect(() => startTls({} as never, { servername: 'x' })).toThrow(
      'connection must be a Connection',
    );
    conn.complete();
    await expect(firstValueFrom(startTls(conn, { servername: 'x', engine }))).rejects.toMatchObject(
      {
        code: 'ERR_NOT_WRITABLE',
      },
    );
    const other = await base.open({ host: HOST, port });
    const starting = firstValueFrom(
      startTls(other, { servername: 'x', engine, handshakeTimeoutMs: 50 }),
    );
    await expect(
      firstValueFrom(startTls(other, { servername: 'x', engine })),
    ).rejects.toMatchObject({
      code: 'EALREADY',
    });
    await expect(starting).rejects.toMatchObject({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
    await firstValueFrom(other.whenClosed);
    expect(other.failure).toMatchObject({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' });
  });
});
