import type { SecureVersion } from 'node:tls';
import { filter, firstValueFrom } from 'rxjs';
import { type ConnectConfig, type Connection, EventBase, lines } from 'rxjs-libevent';
import { Certificates } from '../support/certificates';
import { ENGINES, HOST } from '../support/servers';
import { Nginx } from './Nginx';
import type { Feature } from './clientPrograms';
import { serverPrograms } from './serverPrograms';

const VERSIONS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];
const FEATURES: readonly Feature[] = ['nothing more', 'a client certificate', 'ALPN', 'resumption'];

const COMBINATIONS = VERSIONS.flatMap((version) =>
  Object.entries(serverPrograms).flatMap(([program, { features }]) =>
    features.map((feature) => ({ program, version, feature })),
  ),
);

let certificates: Certificates;
beforeAll(() => {
  certificates = new Certificates();
  certificates.sign('client');
});
afterAll(() => {
  certificates.remove();
});

describe.each(ENGINES)('a client of TLS by %s', (engine) => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  /** Asks, on a connection of its own, and gives it with the first line that matches. */
  async function ask(
    where: ConnectConfig,
    feature: Feature,
    question: string,
    expected: RegExp,
    session?: Buffer,
  ): Promise<[Connection, string]> {
    const tls = {
      ca: certificates.ca,
      servername: 'localhost',
      engine,
      ...(feature === 'a client certificate' ? certificates.identity('client') : {}),
      ...(feature === 'ALPN' ? { ALPNProtocols: ['h2', 'http/1.1'] } : {}),
      ...(session === undefined ? {} : { session }),
    };
    const conn = await base.open({ ...where, tls });
    conn.next(question);
    const answer = conn.pipe(
      lines(),
      filter((line) => expected.test(line)),
    );
    return [conn, await firstValueFrom(answer)];
  }

  it.each(COMBINATIONS)(
    'asks $program by $version, and $feature',
    async ({ program, version, feature }) => {
      const { question, answer, start } = serverPrograms[program]!;
      const server = await start({ version, certificates, feature });
      const where = { host: HOST, port: server.port };
      const [conn, line] = await ask(where, feature, question, /./);
      expect(line).toBe(answer);
      expect(conn.tls).toMatchObject({ protocol: version, authorized: true, resumed: false });
      expect(conn.tls?.alpnProtocol).toBe(feature === 'ALPN' ? 'http/1.1' : undefined);
      conn.complete();
      await firstValueFrom(conn.whenClosed);
      if (feature === 'resumption') {
        const [again] = await ask(where, feature, question, /./, conn.tls?.session);
        expect(again.tls).toMatchObject({ protocol: version, authorized: true, resumed: true });
        again.destroy();
      }
      await server.stop();
    },
  );

  describe('and nginx', () => {
    let nginx: Nginx;
    const pathOf = (version: SecureVersion, feature: Feature): string =>
      `${certificates.folder}/${version}-${feature === 'a client certificate' ? 'strict' : 'open'}`;
    beforeAll(async () => {
      const { certFile, keyFile } = certificates.files('server');
      const text = '$ssl_protocol $ssl_session_reused $ssl_alpn_protocol $ssl_client_s_dn';
      const servers = VERSIONS.flatMap((version) =>
        FEATURES.slice(0, 2).map((feature) => {
          const verify = `ssl_client_certificate ${certificates.caFile}; ssl_verify_client on;`;
          return `server {
            listen unix:${pathOf(version, feature)} ssl;
            ssl_protocols ${version};
            ssl_certificate ${certFile};
            ssl_certificate_key ${keyFile};
            ${feature === 'a client certificate' ? verify : ''}
            location / { return 200 "${text}\\n"; }
          }`;
        }),
      );
      nginx = await Nginx.start(certificates.folder, servers);
    });
    afterAll(() => nginx.stop());

    it.each(VERSIONS.flatMap((version) => FEATURES.map((feature) => ({ version, feature }))))(
      'asks it by $version, and $feature',
      async ({ version, feature }) => {
        const where = { path: pathOf(version, feature) };
        const question = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
        const alpn = feature === 'ALPN' ? 'http/1.1' : '';
        const who = feature === 'a client certificate' ? 'CN=client' : '';
        const [conn, line] = await ask(where, feature, question, /^TLS/);
        expect(line).toBe(`${version} . ${alpn} ${who}`);
        conn.complete();
        await firstValueFrom(conn.whenClosed);
        if (feature === 'resumption') {
          const [again, second] = await ask(where, feature, question, /^TLS/, conn.tls?.session);
          expect(second).toBe(`${version} r ${alpn} ${who}`);
          expect(again.tls).toMatchObject({ protocol: version, resumed: true });
          again.destroy();
        }
      },
    );
  });
});
