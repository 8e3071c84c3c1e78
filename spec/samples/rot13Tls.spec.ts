import { once } from 'node:events';
import { connect } from 'node:tls';
import { closed, ended } from '../tls/support/servers';
import { startSample } from './support/startSample';

describe('samples/rot13 --tls', () => {
  it('has a certificate that its name verifies, and answers', async () => {
    const server = await startSample('rot13', '--port', '0', '--tls');
    const to = { host: '127.0.0.1', port: server.port };
    const first = connect({ ...to, rejectUnauthorized: false });
    await once(first, 'secureConnect');
    const der = first.getPeerX509Certificate()!;
    const gone = closed(first);
    first.destroy();
    await gone;
    const trusting = connect({ ...to, ca: der.toString(), servername: 'localhost' });
    trusting.end('Hello, World!\n');
    expect(await ended(trusting)).toBe('Uryyb, Jbeyq!\n');
    expect(await server.interrupt()).toBe(0);
    expect(server.errors()).toBe('');
  });
});
