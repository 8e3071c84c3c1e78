import type { SecureVersion } from 'node:tls';
import { map } from 'rxjs';
import { type Connection, EventBase, type TlsServerConfig, lines } from 'rxjs-libevent';
import { Certificates } from '../support/certificates';
import { ENGINES, HOST, type Served, serveTls } from '../support/servers';
import { type Feature, clientPrograms } from './clientPrograms';
import { output } from './output';

const VERSIONS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];

const COMBINATIONS = VERSIONS.flatMap((version) =>
  Object.entries(clientPrograms).flatMap(([program, { features }]) =>
    features.map((feature) => ({ program, version, feature })),
  ),
);

/** Answers each request by what the server knows of its client. */
function site(conn: Connection) {
  const { tls } = conn;
  const how = tls?.resumed === true ? 'resumed' : 'full';
  const who = String(tls?.peerCertificate?.subject.CN ?? 'nobody');
  const text = `${String(tls?.protocol)} ${how} ${tls?.alpnProtocol ?? 'none'} ${who}\n`;
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${String(text.length)}\r\n`;
  let isLast = false;
  return conn.pipe(
    lines(),
    map((line) => {
      isLast ||= line.startsWith('GET /once');
      if (line !== '') return;
      conn.next(`${head}${isLast ? 'Connection: close\r\n' : ''}\r\n${text}`);
      if (isLast) conn.complete();
    }),
  );
}

describe.each(ENGINES)('a server of TLS by %s', (engine) => {
  let certificates: Certificates;
  let base: EventBase;
  beforeAll(() => {
    certificates = new Certificates();
    certificates.sign('client');
  });
  afterAll(() => {
    certificates.remove();
  });
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  const serveBy = (version: SecureVersion, feature: Feature): Promise<Served> => {
    const asked: Partial<Record<Feature, TlsServerConfig>> = {
      'a client certificate': { requestCert: true, ca: certificates.ca },
      ALPN: { ALPNProtocols: ['http/1.1'] },
    };
    const versions = { minVersion: version, maxVersion: version };
    const tls = { ...certificates.server, ...versions, ...asked[feature], engine };
    return serveTls(base, tls, site);
  };

  it.each(COMBINATIONS)(
    'answers $program by $version, and $feature',
    async ({ program, version, feature }) => {
      const { port, handshakeErrors, sessionErrors } = await serveBy(version, feature);
      const client = clientPrograms[program]!;
      const answers = await client.run({ port, certificates, feature });
      const alpn = feature === 'ALPN' ? 'http/1.1' : 'none';
      const who = feature === 'a client certificate' ? 'client' : 'nobody';
      const again = client.tickets || version === 'TLSv1.3' ? 'resumed' : 'full';
      const ways = feature === 'resumption' ? ['full', again] : ['full'];
      expect(answers).toEqual(ways.map((way) => `${version} ${way} ${alpn} ${who}`));
      expect([...handshakeErrors, ...sessionErrors]).toEqual([]);
    },
  );

  const bearsLoad = async (version: SecureVersion): Promise<void> => {
    const { port, connections, handshakeErrors } = await serveBy(version, 'nothing more');
    const url = `https://${HOST}:${String(port)}/`;
    const report = await output('wrk', ['-t1', '-c10', '-d1s', url]);
    expect(Number(/(\d+) requests in/.exec(report)?.[1])).toBeGreaterThan(0);
    expect(report).not.toMatch(/Socket errors|Non-2xx/);
    expect(connections).toHaveLength(10);
    // First it connects, to see whether anybody is there.
    expect(handshakeErrors).toMatchObject([{ code: 'ERR_TLS_HANDSHAKE' }]);
  };

  // Side by side: it runs for a second at least.
  it('bears the load of wrk by each version', () => Promise.all(VERSIONS.map(bearsLoad)));

  it('has nothing that sslscan finds fault with', async () => {
    const { port } = await serveTls(base, { ...certificates.server, engine }, site);
    const target = `${HOST}:${String(port)}`;
    const report = await output('sslscan', ['--no-colour', '--sni-name=localhost', target]);
    const found = report.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
    expect(found.filter((line) => / (en|dis)abled$/.test(line))).toEqual([
      'SSLv2 disabled',
      'SSLv3 disabled',
      'TLSv1.0 disabled',
      'TLSv1.1 disabled',
      'TLSv1.2 enabled',
      'TLSv1.3 enabled',
    ]);
    expect(found).toContain('Session renegotiation not supported');
    const ciphers = found.filter((line) => /^(Preferred|Accepted)/.test(line));
    expect(ciphers[0]).toMatch(/^Preferred TLSv1.3 256 bits TLS_AES_256_GCM_SHA384/);
    const weak = /RC4|3?DES|NULL|EXP|MD5|ADH|AECDH/;
    expect(ciphers.filter((line) => weak.test(line))).toEqual([]);
    expect(found).not.toContainEqual(expect.stringMatching(/^TLS\S+ vulnerable/));
  });
});
