import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type RunningSample, startSample } from '../../samples/support/startSample';
import { Certificates } from '../support/certificates';
import { HOST } from '../support/servers';
import { Nginx } from './Nginx';
import { output } from './output';

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, HOST);
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

describe('samples/tls-proxy in front of nginx', () => {
  let certificates: Certificates;
  let nginx: Nginx;
  let proxy: RunningSample;
  beforeAll(async () => {
    certificates = new Certificates();
    const { folder } = certificates;
    const { certFile, keyFile } = certificates.files('server');
    copyFileSync(certFile, join(folder, 'localhost.pem'));
    copyFileSync(keyFile, join(folder, 'localhost.key'));
    const backend = `${HOST}:${String(await freePort())}`;
    const site = `listen ${backend}; location / { return 200 "hello from nginx\\n"; }`;
    nginx = await Nginx.start(folder, [`server { ${site} }`]);
    const route = `localhost=${backend}`;
    proxy = await startSample(
      'tls-proxy',
      '--port',
      '0',
      '--certificates',
      folder,
      '--route',
      route,
    );
  });
  afterAll(async () => {
    expect(await proxy.interrupt()).toBe(0);
    await nginx.stop();
    certificates.remove();
  });

  it.each(['1.2', '1.3'])('answers curl by TLS %s', async (version) => {
    const port = String(proxy.port);
    const args = ['-sS', '--cacert', certificates.caFile, '--tlsv1.2', '--tls-max', version];
    args.push('--resolve', `localhost:${port}:${HOST}`, `https://localhost:${port}/`);
    expect(await output('curl', args)).toBe('hello from nginx\n');
  });

  it('bears the load of wrk', async () => {
    const url = `https://localhost:${String(proxy.port)}/`;
    const report = await output('wrk', ['-t1', '-c10', '-d1s', url]);
    expect(Number(/(\d+) requests in/.exec(report)?.[1])).toBeGreaterThan(0);
    expect(report).not.toMatch(/Socket errors|Non-2xx/);
  });
});
