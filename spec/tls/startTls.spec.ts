import { once } from 'node:events';
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo } from 'node:net';
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
} from 'rxjs';
import { type Connection, EventBase, lines, sendTo, startTls } from 'rxjs-libevent';
import { until } from '../support/until';
import { Certificates } from './support/certificates';
import { ENGINES, HOST, closed, ended, serveTls } from './support/servers';

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

  it('refuses what was injected behind STARTTLS, and resets the connection', async () => {
    const { port, sessionErrors, connections } = await plain(upgrade);
    const socket = connectTcp(port, HOST);
    socket.write('STARTTLS\r\nMAIL FROM: <injected>\r\n');
    socket.resume();
    await closed(socket);
    expect(sessionErrors).toMatchObject([{ code: 'ERR_TLS_PLAINTEXT' }]);
    expect(connections[0]?.closed).toBe(true);
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
