import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TLSSocket, connect } from 'node:tls';
import { Certificates } from '../tls/support/certificates';
import { HOST, ended } from '../tls/support/servers';
import { startSample } from './support/startSample';

describe('samples/tls-proxy', () => {
  const names = ['a.example', 'b.example'] as const;
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'tls-proxy-'));
  const certificates = new Certificates();

  /** Puts a new pair where the proxy reads it. */
  function renew(name: string): void {
    certificates.sign(name);
    const { keyFile, certFile } = certificates.files(name);
    copyFileSync(keyFile, join(folder, `${name}.key`));
    copyFileSync(certFile, join(folder, `${name}.pem`));
  }

  /** A plain server that says who it is, and then what it receives. */
  async function backend(name: string): Promise<number> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.on('error', () => {}));
      socket.write(`${name}: `);
      socket.pipe(socket);
    }).listen(0, HOST);
    servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true });
    certificates.remove();
  });

  it('goes by names, and takes new certificates without dropping a connection', async () => {
    const routes: string[] = [];
    for (const name of names) {
      renew(name);
      routes.push('--route', `${name}=${HOST}:${String(await backend(name))}`);
    }
    const proxy = await startSample(
      'tls-proxy',
      '--port',
      '0',
      '--certificates',
      folder,
      ...routes,
    );
    const dial = async (servername: string): Promise<TLSSocket> => {
      const socket = connect({ host: HOST, port: proxy.port, ca: certificates.ca, servername });
      await once(socket, 'secureConnect');
      return socket;
    };
    const [one, two] = [await dial(names[0]), await dial(names[1])];
    const before = one.getPeerCertificate().serialNumber;
    two.end('hello');
    expect(await ended(two)).toBe('b.example: hello');

    renew(names[0]);
    const reread = once(proxy.child.stdout!, 'data');
    proxy.child.kill('SIGHUP');
    expect(String(await reread)).toContain('certificates have been read');
    const three = await dial(names[0]);
    expect(three.getPeerCertificate().serialNumber).not.toBe(before);
    three.destroy();
    one.end('still here');
    expect(await ended(one)).toBe('a.example: still here');

    await expect(dial('c.example')).rejects.toThrow();
    expect(await proxy.interrupt()).toBe(0);
  });
});
