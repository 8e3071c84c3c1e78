import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, type Socket, connect as connectTcp, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { firstValueFrom, tap } from 'rxjs';
import { EventBase, type LibeventError, sendTo } from 'rxjs-libevent';
import { until } from '../support/until';
import { Certificates, clean } from './support/certificates';
import { SeededNumbers, mutated } from './support/mutated';
import { HOST, type Served, closed, ended, serveTls } from './support/servers';
import { wire } from './support/wire';

// More of them by hand: MUTATIONS=10000 npx jest spec/tls/hostile.spec.ts -t changed --testTimeout 900000
const MUTATIONS = Number(process.env['MUTATIONS'] ?? 200);
const SEED = Number(process.env['SEED'] ?? 1);
const AT_ONCE = 20;

let certificates: Certificates;
beforeAll(() => {
  certificates = new Certificates();
});
afterAll(() => {
  certificates.remove();
});

/** Runs all of them, some at a time. */
async function each(count: number, one: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const chain = async (): Promise<void> => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, chain));
}

/** What a client of node:tls sends first. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ host: HOST, port, servername: 'localhost', ALPNProtocols: ['h2'] });
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  server.close();
  return hello;
}

/** A fatal alert of the code, as it is sent before anything is encrypted. */
const alert = (code: number): Buffer => Buffer.of(0x15, 3, 3, 0, 2, 2, code);

describe.each([0, 1] as const)('what attacks TLS, threads: %s', (threads) => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase({ threads });
  });
  afterEach(() => base.close());

  const echo = (): Promise<Served> =>
    serveTls(base, certificates.server, (conn) => conn.pipe(sendTo(conn)));

  /** Others are served as before. */
  async function isWell({ port }: Served): Promise<void> {
    const conn = await base.open({ host: HOST, port, tls: { ca: certificates.ca } });
    conn.next('well');
    expect(String(await firstValueFrom(conn))).toBe('well');
    conn.destroy();
  }

  it('ends by an error of its own each handshake that begins with a changed ClientHello', async () => {
    const served = await echo();
    const hello = await clientHello();
    await each(MUTATIONS, async (index) => {
      const bytes = mutated(hello, new SeededNumbers(SEED * 1_000_003 + index));
      const socket = connectTcp(served.port, HOST);
      const gone = closed(socket);
      // In two parts now and then.
      const first = index % 3 === 0 ? bytes.length >> 1 : 0;
      if (first > 0) socket.write(bytes.subarray(0, first));
      socket.end(bytes.subarray(first));
      socket.resume();
      await gone;
    });
    await until(() => served.handshakeErrors.length === MUTATIONS);
    const codes = new Set(served.handshakeErrors.map(({ code }) => code));
    expect(
      [...codes].filter((code) => !['ERR_TLS_HANDSHAKE', 'ECONNRESET'].includes(code)),
    ).toEqual([]);
    expect(served.connections).toEqual([]);
    await isWell(served);
  });

  it('emits nothing but what was sent, and fails, where records are changed', async () => {
    const plaintext = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7) & 0xff));
    const received: Buffer[][] = [];
    const served = await serveTls(base, certificates.server, (conn) => {
      const chunks: Buffer[] = [];
      received.push(chunks);
      return conn.pipe(tap((chunk) => void chunks.push(chunk)));
    });
    await each(MUTATIONS, async (index) => {
      const between = await wire(served.port);
      const client = connectTls({ host: HOST, port: between.port, ca: certificates.ca });
      client.on('error', () => {});
      const gone = closed(client);
      const [near, far] = await between.pair;
      await once(client, 'secureConnect');
      // The end of the handshake has gone through before anything is changed.
      client.write('-');
      await once(near, 'data');
      near.unpipe(far);
      for (let at = 0; at < plaintext.length; at += 1000) {
        client.write(plaintext.subarray(at, at + 1000));
      }
      let records = Buffer.alloc(0);
      while (records.length < plaintext.length) {
        const [more] = (await once(near.resume(), 'data')) as [Buffer];
        records = Buffer.concat([records, more]);
      }
      far.end(mutated(records, new SeededNumbers(SEED * 2_000_003 + index)));
      far.resume();
      await closed(far);
      client.destroy();
      near.destroy();
      await gone;
      between.close();
    });
    await until(() => served.sessionErrors.length === MUTATIONS);
    const codes = new Set(served.sessionErrors.map((error) => (error as LibeventError).code));
    const known = ['ERR_TLS_PROTOCOL', 'ERR_TLS_TRUNCATED', 'ECONNRESET'];
    expect([...codes].filter((code) => !known.includes(code))).toEqual([]);
    const sent = Buffer.concat([Buffer.from('-'), plaintext]);
    const strange = received
      .map((chunks) => Buffer.concat(chunks))
      .filter((bytes) => !bytes.equals(sent.subarray(0, bytes.length)));
    expect(strange).toEqual([]);
  });

  it('shakes hands byte by byte', async () => {
    const served = await echo();
    const between = await wire(served.port);
    const client = connectTls({ host: HOST, port: between.port, ca: certificates.ca });
    const [near, far] = await between.pair;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.unpipe(to);
      let bytes = Buffer.alloc(0);
      let over = false;
      from.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
      from.on('end', () => (over = true));
      const step = (): void => {
        if (bytes.length > 0) to.write(bytes.subarray(0, 1));
        else if (over) to.end();
        bytes = bytes.subarray(1);
        if (!to.writableEnded) setImmediate(step);
      };
      from.resume();
      step();
    }
    client.end('slowly');
    expect(await ended(client)).toBe('slowly');
    expect(served.handshakeErrors).toEqual([]);
    between.close();
  });

  it('gives up in time a handshake that goes on byte by byte', async () => {
    const tls = { ...certificates.server, handshakeTimeoutMs: 100 };
    const served = await serveTls(base, tls, (conn) => conn.pipe(sendTo(conn)));
    const socket = connectTcp(served.port, HOST);
    const gone = closed(socket);
    socket.setNoDelay();
    socket.resume();
    // A ClientHello of 128 KiB, each byte in a record of its own, which takes longer.
    const byte = (value: number): Buffer => Buffer.of(0x16, 3, 1, 0, 1, value);
    socket.write(Buffer.concat([0x01, 0x01, 0xff, 0xfc, 3, 3].map(byte)));
    const step = (): void => {
      if (socket.destroyed || served.handshakeErrors.length > 0) return;
      socket.write(byte(0), () => setImmediate(step));
    };
    step();
    await until(() => served.handshakeErrors.length === 1);
    expect(served.handshakeErrors).toMatchObject([{ code: 'ERR_TLS_HANDSHAKE_TIMEOUT' }]);
    await gone;
  });

  it.each([
    ['first', /unexpected message/],
    ['behind the ClientHello', /alert handshake failure/],
    ['for the certificate', /alert unknown ca/],
  ])('takes an alert that comes %s for the reason', async (when, words) => {
    const served = await echo();
    if (when === 'for the certificate') {
      // A client of node:tls closes and says nothing.
      await expect(base.open({ host: HOST, port: served.port, tls: true })).rejects.toThrow();
    } else {
      const socket = connectTcp(served.port, HOST);
      const gone = closed(socket);
      if (when !== 'first') {
        socket.write(await clientHello());
        await once(socket, 'data');
      }
      socket.resume();
      socket.write(alert(40));
      await gone;
    }
    await until(() => served.handshakeErrors.length === 1);
    expect(served.handshakeErrors[0]).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
    expect(served.handshakeErrors[0]?.message).toMatch(words);
    await isWell(served);
  });

  it.each([
    ['plaintext', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an alert that is not encrypted', alert(40)],
    [
      'a record of 20,000 bytes',
      Buffer.concat([Buffer.from('1703034e20', 'hex'), Buffer.alloc(20000)]),
    ],
    ['a ClientHello', undefined],
  ])('fails by %s that is injected into a secured connection', async (_what, injected) => {
    const served = await echo();
    const between = await wire(served.port);
    const client = connectTls({ host: HOST, port: between.port, ca: certificates.ca });
    const gone = closed(client);
    const [near, far] = await between.pair;
    client.write('before');
    expect(String((await once(client, 'data'))[0])).toBe('before');
    near.unpipe(far);
    far.write(injected ?? (await clientHello()));
    await until(() => served.sessionErrors.length === 1);
    expect(served.sessionErrors).toMatchObject([{ code: 'ERR_TLS_PROTOCOL', syscall: 'read' }]);
    client.destroy();
    await gone;
    between.close();
  });

  it('ends a peer that asks for answers (KeyUpdate) and reads none', async () => {
    const served = await serveTls(base, certificates.server, (conn) => conn);
    const between = await wire(served.port);
    const asking = spawn(
      'openssl',
      ['s_client', '-connect', `${HOST}:${String(between.port)}`, '-tls1_3'],
      { env: clean(), stdio: ['pipe', 'ignore', 'pipe'] },
    );
    const [, far] = await between.pair;
    await until(() => served.connections.length === 1);
    const server = served.connections[0]!;
    far.unpipe();
    far.pause();
    server.next(Buffer.alloc(16 * 2 ** 20));
    await until(() => server.saturated);
    let said = '';
    let asked = 0;
    asking.stderr.on('data', (data: Buffer) => (said += String(data)));
    while (served.sessionErrors.length === 0 && asked < 5000) {
      asking.stdin.write('K\n');
      asked += 1;
      const before = asked;
      await until(() => served.sessionErrors.length > 0 || said.split('KEYUPDATE').length > before);
    }
    expect(served.sessionErrors).toMatchObject([{ code: 'ERR_TLS_PROTOCOL' }]);
    expect(String(served.sessionErrors[0])).toContain('asks for answers and reads none');
    asking.kill();
    await once(asking, 'close');
    far.destroy();
    between.close();
  });
});
