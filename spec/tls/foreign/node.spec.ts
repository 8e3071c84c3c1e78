import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type SecureVersion, connect as connectTls } from 'node:tls';
import { lastValueFrom, reduce } from 'rxjs';
import { EventBase, sendTo } from 'rxjs-libevent';
import { pattern } from '../../support/pattern.cjs';
import { Certificates, clean } from '../support/certificates';
import { ENGINES, HOST, ended, nodeServer, serveTls } from '../support/servers';

const VERSIONS: readonly SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];
const THREADS = [0, 1, 2, 'auto'] as const;

let certificates: Certificates;
beforeAll(() => {
  certificates = new Certificates();
});
afterAll(() => {
  certificates.remove();
});

const WAYS = ENGINES.flatMap((engine) => THREADS.map((threads) => ({ engine, threads })));

describe.each(WAYS)('TLS by $engine with node:tls, threads: $threads', ({ engine, threads }) => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase({ threads });
  });
  afterEach(() => base.close());

  describe.each(VERSIONS)('%s', (version) => {
    it('answers a client of node:tls, byte for byte, and ends with close_notify', async () => {
      const { port, connections } = await serveTls(
        base,
        { ...certificates.server, engine },
        (conn) => conn.pipe(sendTo(conn)),
      );
      const bytes = pattern(300_000);
      const options = { host: HOST, port, ca: certificates.ca, minVersion: version };
      const client = connectTls({ ...options, maxVersion: version });
      await once(client, 'secureConnect');
      expect([client.authorized, client.getProtocol()]).toEqual([true, version]);
      client.end(bytes);
      expect(Buffer.from(await ended(client), 'latin1').equals(bytes)).toBe(true);
      expect(connections[0]?.tls).toMatchObject({ protocol: version, engine });
    });

    it('is a client of a server of node:tls', async () => {
      const bytes = pattern(300_000);
      const { server, port } = await nodeServer(
        { ...certificates.server, minVersion: version, maxVersion: version },
        (socket) => socket.pipe(socket),
      );
      const echoed = base.connect(
        { host: HOST, port, tls: { ca: certificates.ca, engine } },
        (conn) => {
          conn.next(bytes);
          conn.complete();
          expect(conn.tls).toMatchObject({ protocol: version, authorized: true });
          return conn.pipe(reduce((all, chunk) => Buffer.concat([all, chunk]), Buffer.alloc(0)));
        },
      );
      expect((await lastValueFrom(echoed)).equals(bytes)).toBe(true);
      server.close();
    });
  });
});

describe.each(ENGINES)('TLS by %s with a program that asks again', (engine) => {
  let base: EventBase;
  beforeEach(() => {
    base = new EventBase();
  });
  afterEach(() => base.close());

  it('refuses the renegotiation that openssl s_client asks for', async () => {
    const { port, connections } = await serveTls(base, { ...certificates.server, engine }, (conn) =>
      conn.pipe(sendTo(conn)),
    );
    const client = spawn(
      'openssl',
      [
        's_client',
        '-connect',
        `${HOST}:${String(port)}`,
        '-tls1_2',
        '-CAfile',
        certificates.caFile,
      ],
      { env: clean() },
    );
    client.stdin.on('error', () => {});
    let output = '';
    let asked = false;
    const refused = new Promise<void>((resolve) => {
      const look = (chunk: Buffer): void => {
        output += chunk.toString();
        // What s_client says once it is connected; this line of its input asks.
        if (output.includes('Verify return code') && !asked) {
          asked = true;
          client.stdin.write('R\n');
        }
        if (output.includes('no renegotiation')) resolve();
      };
      client.stdout.on('data', look);
      client.stderr.on('data', look);
    });
    await refused;
    client.kill();
    await once(client, 'close');
    expect(connections).toHaveLength(1);
  });
});
