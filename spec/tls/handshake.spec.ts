import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type SecureVersion, connect as connectTls } from 'node:tls';
import { NEVER, Subject, firstValueFrom, take, toArray } from 'rxjs';
import {
  type ConnectConfig,
  EventBase,
  type LibeventError,
  type SessionHandler,
  type TlsClientConfig,
  type TlsEngine,
  type TlsErrorMessage,
  type TlsServerConfig,
  sendTo,
} from 'rxjs-libevent';
import { until } from '../support/until';
import { Certificates, type Identity } from './support/certificates';
import { ENGINES, HOST, type Served, closed, ended, nodeServer, serveTls } from './support/servers';

describe.each(ENGINES)('TLS by %s', (engine) => {
  let certificates: Certificates;
  let base: EventBase;
  /** Of a client. */
  let trust: { ca: string; engine: TlsEngine };
  beforeAll(() => {
    certificates = new Certificates();
    trust = { ca: certificates.ca, engine };
  });
  afterAll(() => {
    certificates.remove();
  });
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  const serveBy = (tls: TlsServerConfig | undefined, handler: SessionHandler): Promise<Served> =>
    serveTls(base, tls && { engine, ...tls }, handler);

  const failure = (config: ConnectConfig): Promise<LibeventError> =>
    base.open(config).then(
      () => Promise.reject(new Error('it has connected')),
      (error: unknown) => error as LibeventError,
    );

  describe('connect with tls', () => {
    const expectedOf = {
      'a host that is not in the certificate': ['ERR_TLS_CERT_ALTNAME_INVALID', /other\.example/],
      'an unknown authority': [
        'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
        /issuer|self.signed|verify/,
      ],
      'a certificate that has expired': ['CERT_HAS_EXPIRED', /expired/],
      'no common protocol': ['ERR_TLS_HANDSHAKE', /protocol version/],
    } as const;

    it.each(Object.keys(expectedOf) as (keyof typeof expectedOf)[])('refuses %s', async (what) => {
      let identity: Identity = certificates.server;
      if (what.includes('expired')) identity = certificates.sign('old', 'DNS:localhost', -1);
      const maxVersion: SecureVersion = what.includes('protocol') ? 'TLSv1.2' : 'TLSv1.3';
      const { server, port } = await nodeServer({ ...identity, maxVersion }, () => {});
      const tls: TlsClientConfig = {
        ...(what.includes('authority') ? {} : trust),
        servername: what.includes('host') ? 'other.example' : 'localhost',
        ...(what.includes('protocol') ? { minVersion: 'TLSv1.3' } : {}),
      };
      const error = await failure({ host: HOST, port, tls });
      const [code, words] = expectedOf[what];
      expect(error).toMatchObject({
        name: 'LibeventError',
        syscall: 'handshake',
        address: HOST,
        port,
      });
      expect(error.code).toMatch(new RegExp(`^(${code})$`));
      expect(error.message).toMatch(words);
      server.close();
    });

    it('says what could not be verified, where it is not to be rejected', async () => {
      const { server, port } = await nodeServer(certificates.server, () => {});
      const trusted = await base.open({
        host: HOST,
        port,
        tls: { ...trust, servername: 'other.example', rejectUnauthorized: false },
      });
      expect(trusted.tls).toMatchObject({
        authorized: false,
        authorizationError: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
      const { peerCertificate } = trusted.tls!;
      expect(peerCertificate?.subject.CN).toBe('server');
      expect(peerCertificate?.subjectaltname).toBe('DNS:localhost, IP Address:127.0.0.1');
      trusted.destroy();
      server.close();
    });

    it('says of a certificate without addresses that its list is empty', async () => {
      const { port } = await serveBy(certificates.sign('named.example'), (conn) => conn);
      const { message } = await failure({ host: '127.0.0.1', port, tls: trust });
      expect(message).toMatch(/cert's list, which is empty; 127\.0\.0\.1:\d+$/);
    });

    it('asks the own check of names, and fails with what it says or throws', async () => {
      const { server, port } = await nodeServer(certificates.server, () => {});
      const seen: string[] = [];
      const withCheck = (check: TlsClientConfig['checkServerIdentity']): ConnectConfig => ({
        host: HOST,
        port,
        tls: { ...trust, checkServerIdentity: check! },
      });
      const conn = await base.open(
        withCheck((name, { subject }) => {
          seen.push(name, String(subject.CN));
          return undefined;
        }),
      );
      conn.destroy();
      expect(seen).toEqual([HOST, 'server']);
      const own = Object.assign(new Error('no'), { code: 'ERR_OWN' });
      expect(await failure(withCheck(() => own))).toMatchObject({ code: 'ERR_OWN' });
      const thrown = withCheck(() => {
        throw new Error('bad check');
      });
      expect((await failure(thrown)).message).toContain('bad check');
      server.close();
    });

    it.each([
      ['throws undefined', 'refused'],
      ['throws null', 'refused'],
      ['promises', 'refused'],
      ['returns null', 'connected'],
    ])('a check of names that %s: %s', async (what, expected) => {
      const { server, port } = await nodeServer(certificates.server, () => {});
      const throwing = (value: unknown) => (): never => {
        throw value as Error;
      };
      const checks: Record<string, () => unknown> = {
        'throws undefined': throwing(undefined),
        'throws null': throwing(null),
        promises: async () => Promise.resolve(undefined),
        'returns null': () => null,
      };
      const tls = { ...trust, checkServerIdentity: checks[what] as () => undefined };
      const found = await base.open({ host: HOST, port, tls }).then(
        (conn) => {
          conn.destroy();
          return 'connected';
        },
        (error: unknown) => (error as LibeventError).code,
      );
      expect(found).toBe(expected === 'refused' ? 'ERR_TLS_CERT_ALTNAME_INVALID' : expected);
      server.close();
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)('resumes a session of %s', async (maxVersion) => {
      const { port, connections } = await serveBy({ ...certificates.server, maxVersion }, (conn) =>
        conn.pipe(sendTo(conn)),
      );
      const open = async (session?: Buffer): Promise<[boolean, Buffer]> => {
        const tls = { ...trust, ...(session === undefined ? {} : { session }) };
        const conn = await base.open({ host: HOST, port, tls });
        conn.next('x');
        await firstValueFrom(conn);
        const latest = await firstValueFrom(conn.tls!.sessions);
        conn.destroy();
        expect(latest).toBe(conn.tls!.session);
        expect(conn.tls!.peerCertificate?.subject.CN).toBe('server');
        return [conn.tls!.resumed, latest];
      };
      const [first, session] = await open();
      const [second] = await open(session);
      const [third] = await open(Buffer.from('no session'));
      expect([first, second, third]).toEqual([false, true, false]);
      expect(connections.map(({ tls }) => tls?.resumed)).toEqual([false, true, false]);
    });

    it('gets one ticket for a full handshake of TLS 1.3, in front of the first answer', async () => {
      const { port } = await serveBy(certificates.server, (conn) => conn.pipe(sendTo(conn)));
      const socket = connectTls({ host: HOST, port, ca: certificates.ca });
      let tickets = 0;
      socket.on('session', () => (tickets += 1));
      socket.write('x');
      await once(socket, 'data');
      // node:tls has the number that OpenSSL has by default.
      expect(tickets).toBe(engine === 'reactor' ? 1 : 2);
      socket.destroy();
    });

    it('resumes by the same ticket keys at another listener', async () => {
      const tls = { ...certificates.server, ticketKeys: Buffer.alloc(48, 7) };
      const echo = await serveBy(tls, (conn) => conn.pipe(sendTo(conn)));
      const other = await serveBy(tls, (conn) => conn.pipe(sendTo(conn)));
      const first = await base.open({ host: HOST, port: echo.port, tls: trust });
      first.next('x');
      await firstValueFrom(first);
      const session = await firstValueFrom(first.tls!.sessions);
      const clientTls = { ...trust, session };
      const second = await base.open({ host: HOST, port: other.port, tls: clientTls });
      expect(second.tls!.resumed).toBe(true);
      first.destroy();
      second.destroy();
    });

    it('gives a handshake that takes too long up', async () => {
      const silent = await serveBy(undefined, () => NEVER);
      const tls = { ...trust, handshakeTimeoutMs: 30 };
      const error = await failure({ host: HOST, port: silent.port, tls });
      expect(error).toMatchObject({ code: 'ERR_TLS_HANDSHAKE_TIMEOUT', syscall: 'handshake' });
    });

    it('refuses wrong options by name, and keys that do not fit', () => {
      const other = certificates.sign('other');
      const listen = (tls: unknown) => () => base.listen({ tls: tls as never });
      const connect = (tls: unknown) => () => base.connect({ port: 1, tls: tls as never });
      expect(listen(true)).toThrow('tls of a server must be an object');
      expect(listen({ sin: () => undefined })).toThrow("unknown option 'sin', did you mean 'sni'");
      expect(connect({ handshakeTimeoutMs: 0 })).toThrow(
        'tls.handshakeTimeoutMs must be a whole number',
      );
      expect(connect({ ALPNProtocols: [''] })).toThrow('protocols of 1 to 255 bytes');
      expect(connect({ ALPNProtocols: ['\u4e00'] })).toThrow('characters up to U+00FF');
      const many = Array.from({ length: 300 }, () => 'x'.repeat(250));
      expect(connect({ ALPNProtocols: many })).toThrow('at most 60000 bytes');
      expect(connect({ servername: 'x'.repeat(256) })).toThrow(
        'tls.servername must have at most 255 bytes, got 256',
      );
      expect(connect({ session: 'DER' })).toThrow('tls.session must be a Buffer, got string');
      expect(connect({ checkServerIdentity: 5 })).toThrow('tls.checkServerIdentity must be');
      expect(listen({})).toThrow('tls of a server needs key and cert, or pfx, or sni');
      expect(listen({ key: other.key, cert: certificates.server.cert })).toThrow(
        expect.objectContaining({
          code: 'ERR_TLS_CONTEXT',
          message: expect.stringMatching(/mismatch/) as string,
        }) as Error,
      );
      expect(connect({ ca: 5 })).toThrow('options.ca');
    });
  });

  describe('keylog', () => {
    const keys = (lines: readonly Buffer[]): string[] =>
      String(Buffer.concat(lines)).split('\n').sort();

    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'has the secrets of each end, %s',
      async (maxVersion) => {
        const [ofServer, ofClient] = [new Subject<Buffer>(), new Subject<Buffer>()];
        const logs: [Buffer[], Buffer[]] = [[], []];
        ofServer.subscribe((line) => logs[0].push(line));
        ofClient.subscribe((line) => logs[1].push(line));
        const tls = { ...certificates.server, maxVersion, keylog: ofServer };
        const { port } = await serveBy(tls, (conn) => conn.pipe(sendTo(conn)));
        const open = async (): Promise<void> => {
          const conn = await base.open({ host: HOST, port, tls: { ...trust, keylog: ofClient } });
          conn.next('x');
          await firstValueFrom(conn);
          conn.destroy();
        };
        await Promise.all([open(), open(), open()]);
        expect(keys(logs[0])).toEqual(keys(logs[1]));
        expect(keys(logs[1])).toHaveLength(3 * (maxVersion === 'TLSv1.2' ? 1 : 5) + 1);
        expect(String(logs[0][0])).toMatch(/^[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]+\n$/);
      },
    );

    it('has those of a handshake that fails', async () => {
      const { port } = await serveBy(certificates.server, (conn) => conn);
      const keylog = new Subject<Buffer>();
      const lines: Buffer[] = [];
      keylog.subscribe((line) => lines.push(line));
      const tls = { ...trust, keylog, servername: 'other.example' };
      expect(await failure({ host: HOST, port, tls })).toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
      expect(lines.length).toBeGreaterThan(0);
    });

    it('has those of a name that another listener has without one', async () => {
      const named = certificates.sign('named.example');
      const tls = { ...certificates.server, sni: () => named };
      const keylog = new Subject<Buffer>();
      const lines: Buffer[] = [];
      keylog.subscribe((line) => lines.push(line));
      const silent = await serveBy(tls, (conn) => conn);
      const logging = await serveBy({ ...tls, keylog }, (conn) => conn);
      for (const { port, connections } of [silent, logging]) {
        const clientTls = { ...trust, servername: 'named.example' };
        (await base.open({ host: HOST, port, tls: clientTls })).destroy();
        await until(() => connections.length === 1);
        expect(lines.length > 0).toBe(port === logging.port);
      }
    });

    it('must be an observer', () => {
      expect(() => base.connect({ port: 1, tls: { keylog: 'file' as never } })).toThrow(
        'tls.keylog must be an observer: it needs next',
      );
    });
  });

  describe('listen with tls', () => {
    it('asks for client certificates, and verifies them', async () => {
      const client = certificates.sign('client');
      const tls = { ...certificates.server, ca: certificates.ca, requestCert: true };
      const served = await serveBy(tls, (conn) => {
        conn.next(String(conn.tls?.authorized));
        conn.complete();
        return conn;
      });
      const { port, connections, handshakeErrors } = served;
      const own = { ...trust, key: client.key, cert: client.cert };
      const known = await base.open({ host: HOST, port, tls: own });
      expect(String(await firstValueFrom(known))).toBe('true');
      expect(connections[0]?.tls?.peerCertificate?.subject.CN).toBe('client');
      known.destroy();
      // One without a certificate hears why, from the alert.
      const socket = connectTls({ host: HOST, port, ca: certificates.ca });
      expect(await ended(socket)).toBe('!ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED');
      await until(() => handshakeErrors.length === 1);
      expect(handshakeErrors).toMatchObject([{ code: 'ERR_TLS_HANDSHAKE', syscall: 'handshake' }]);
      expect(handshakeErrors[0]?.message).toMatch(/peer did not return a certificate/);
    });

    it('T8: asks for a context, and about a name, in the contexts of those who subscribed', async () => {
      const store = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      const sni = (): undefined => void seen.push(store.getStore());
      const tls = { ...certificates.server, sni };
      const { port } = await store.run('server', () => serveBy(tls, (conn) => conn));
      const checkServerIdentity = (): undefined => void seen.push(store.getStore());
      const client = { ...trust, checkServerIdentity };
      const conn = await store.run('client', () => base.open({ host: HOST, port, tls: client }));
      expect(seen).toEqual(['server', 'client']);
      conn.destroy();
    });

    it('takes no session for a certificate, where another listener gave it to a stranger', async () => {
      const tls = { ...certificates.server, ticketKeys: Buffer.alloc(48, 7) };
      const open = await serveBy(tls, (conn) => conn.pipe(sendTo(conn)));
      const strict = await serveBy({ ...tls, ca: certificates.ca, requestCert: true }, (conn) =>
        conn.pipe(sendTo(conn)),
      );
      const stranger = await base.open({ host: HOST, port: open.port, tls: trust });
      stranger.next('x');
      await firstValueFrom(stranger);
      const session = await firstValueFrom(stranger.tls!.sessions);
      stranger.destroy();
      const again = { ...trust, session };
      const refused = await base.open({ host: HOST, port: strict.port, tls: again });
      refused.next('let me in');
      expect(await firstValueFrom(refused.pipe(toArray()))).toEqual([]);
      expect(strict.connections).toEqual([]);
      expect(strict.handshakeErrors.map(({ message }) => message)).toEqual([
        expect.stringContaining('the session that is resumed has no certificate'),
      ]);
    });

    it('resumes no session where names have authorities of their own', async () => {
      const client = certificates.sign('client');
      const sni = (): undefined => undefined;
      const tls = { ...certificates.server, ca: certificates.ca, requestCert: true, sni };
      const { port, connections } = await serveBy(tls, (conn) => conn.pipe(sendTo(conn)));
      const own = { ...trust, key: client.key, cert: client.cert };
      const open = async (session?: Buffer): Promise<Buffer | undefined> => {
        const again = session === undefined ? own : { ...own, session };
        const conn = await base.open({ host: HOST, port, tls: again });
        conn.next('x');
        await firstValueFrom(conn);
        conn.destroy();
        return conn.tls?.session;
      };
      await open(await open());
      expect(connections.map(({ tls }) => tls?.resumed)).toEqual([false, false]);
    });

    it('lets a stranger in where rejectUnauthorized is false', async () => {
      const tls = { ...certificates.server, requestCert: true, rejectUnauthorized: false };
      const { port, connections } = await serveBy(tls, (conn) => conn);
      (await base.open({ host: HOST, port, tls: trust })).destroy();
      await until(() => connections.length === 1);
      expect(connections[0]?.tls).toMatchObject({
        authorized: false,
        authorizationError: 'UNSPECIFIED',
        peerCertificate: undefined,
      });
    });

    it('chooses a protocol by its own order, and refuses where none is common', async () => {
      const tls = { ...certificates.server, ALPNProtocols: ['h2', 'http/1.1'] };
      const { port, connections, handshakeErrors } = await serveBy(tls, (conn) => conn);
      const open = (ALPNProtocols: string[]) =>
        base.open({ host: HOST, port, tls: { ...trust, ALPNProtocols } });
      const conn = await open(['http/1.1', 'h2']);
      expect(conn.tls?.alpnProtocol).toBe('h2');
      conn.destroy();
      await expect(open(['gopher'])).rejects.toMatchObject({
        code: 'ERR_TLS_HANDSHAKE',
        message: expect.stringContaining('no application protocol') as string,
      });
      await until(() => handshakeErrors.length === 1);
      expect(connections[0]?.tls?.alpnProtocol).toBe('h2');
    });

    it('takes the certificate of the name, from a promise, once for the same object', async () => {
      const names = new Map<string, Identity | null>([
        ['one.example', certificates.sign('one.example')],
        ['two.example', certificates.sign('two.example')],
        ['none.example', null],
      ]);
      const asked: string[] = [];
      const sni = async (name: string) => {
        asked.push(name);
        await new Promise(setImmediate);
        if (name === 'bad.example') throw new Error('no such tenant');
        return names.get(name);
      };
      const tls = { ...certificates.server, sni };
      const { port, handshakeErrors } = await serveBy(tls, (conn) => conn);
      const subjectFor = async (servername: string): Promise<unknown> => {
        const conn = await base.open({
          host: HOST,
          port,
          tls: { ...trust, servername, checkServerIdentity: () => undefined },
        });
        conn.destroy();
        return conn.tls?.peerCertificate?.subject.CN;
      };
      expect(
        await Promise.all(
          ['one.example', 'two.example', 'three.example', HOST, 'one.example'].map(subjectFor),
        ),
      ).toEqual(['one.example', 'two.example', 'server', 'server', 'one.example']);
      expect(asked.sort()).toEqual([
        '',
        'one.example',
        'one.example',
        'three.example',
        'two.example',
      ]);
      await expect(subjectFor('none.example')).rejects.toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
      await expect(subjectFor('bad.example')).rejects.toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
      await until(() => handshakeErrors.length === 2);
      expect(handshakeErrors.map(({ message }) => message)).toEqual([
        expect.stringContaining("the name 'none.example' is refused"),
        expect.stringContaining("sni has failed for the name 'bad.example': no such tenant"),
      ]);
    });

    it.each([
      ['plaintext', 'GET / HTTP/1.1\r\n\r\n', /http request/],
      ['garbage', Buffer.alloc(600, 0x5a), /wrong version number/],
      [
        'a huge ClientHello',
        Buffer.concat([Buffer.from('160301400001ffffff', 'hex'), Buffer.alloc(16384)]),
        /length|excessive|too/,
      ],
      ['an end at once', '', /closed within the handshake/],
    ])('takes %s for an error of that peer alone', async (_what, bytes, words) => {
      const messages: TlsErrorMessage[] = [];
      const listen = (message: unknown): void => void messages.push(message as TlsErrorMessage);
      subscribe('rxjs-libevent:tls:error', listen);
      const served = await serveBy(certificates.server, (conn) => conn.pipe(sendTo(conn)));
      const { port, handshakeErrors, connections } = served;
      const socket = connectTcp(port, HOST);
      const gone = closed(socket);
      socket.end(bytes);
      socket.resume();
      await gone;
      await until(() => handshakeErrors.length === 1);
      expect(handshakeErrors[0]).toMatchObject({ code: 'ERR_TLS_HANDSHAKE', address: HOST });
      expect(handshakeErrors[0]?.message).toMatch(words);
      expect(messages.map(({ error }) => error)).toEqual(handshakeErrors);
      unsubscribe('rxjs-libevent:tls:error', listen);
      const good = await base.open({ host: HOST, port, tls: trust });
      expect(connections.length).toBeLessThanOrEqual(1);
      good.destroy();
    });

    it('stops accepting above maxHandshakes, and goes on behind them', async () => {
      const tls = { ...certificates.server, maxHandshakes: 2, handshakeTimeoutMs: 200 };
      const { port, handshakeErrors } = await serveBy(tls, (conn) => conn);
      const silent = [1, 2, 3].map(() => connectTcp(port, HOST).on('error', () => {}));
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
      // It waits in the backlog until the silent ones have been given up.
      const conn = await base.open({ host: HOST, port, tls: trust });
      expect(handshakeErrors.length).toBeGreaterThanOrEqual(2);
      expect(new Set(handshakeErrors.map(({ code }) => code))).toEqual(
        new Set(['ERR_TLS_HANDSHAKE_TIMEOUT']),
      );
      conn.destroy();
      for (const socket of silent) socket.destroy();
    });

    it('emits what was secured while it was held, with its end', async () => {
      const listener = base.listen({ host: HOST, tls: { ...certificates.server, engine } });
      const release = listener.hold();
      const received = firstValueFrom(listener.pipe(take(1)));
      const { port } = await firstValueFrom(listener.bound);
      release();
      const conn = await base.open({ host: HOST, port, tls: trust });
      conn.next('bye');
      conn.complete();
      const accepted = await received;
      const chunks = await firstValueFrom(accepted.pipe(toArray()));
      expect(String(Buffer.concat(chunks))).toBe('bye');
      await firstValueFrom(conn.whenClosed);
      expect(conn.failure).toBeUndefined();
    });
  });
});
