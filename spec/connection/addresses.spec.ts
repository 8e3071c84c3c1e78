import { execFileSync } from 'node:child_process';
import { firstValueFrom } from 'rxjs';
import { EventBase, type AddressInfo, type Connection } from 'rxjs-libevent';
import { ipVersion } from '../../lib/connection/ipVersion';
import { record } from '../support/record';

/**
 * Runs a program in a network of its own, where the loopback interface has the link-local address
 * fe80::1; few machines have one. Gives what it has printed, as JSON.
 */
function withLinkLocal(program: string): unknown {
  const python = `
import fcntl, os, socket, struct, sys
SIOCSIFFLAGS, IFF_UP, SIOCSIFADDR = 0x8914, 1, 0x8916
control = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack('16sh14x', b'lo', IFF_UP))
address = socket.inet_pton(socket.AF_INET6, 'fe80::1')
fcntl.ioctl(control, SIOCSIFADDR, struct.pack('16sIi', address, 64, socket.if_nametoindex('lo')))
os.environ['LD_PRELOAD'] = os.environ['PRELOAD']
os.execv(sys.argv[1], sys.argv[1:])`;
  const network = ['--user', '--map-root-user', '--net'];
  const child = ['python3', '-c', python, process.execPath, '-e', program];
  const preload = process.env['LD_PRELOAD'] ?? '';
  const env = { ...process.env, LD_PRELOAD: '', PRELOAD: preload };
  return JSON.parse(execFileSync('unshare', [...network, ...child], { env }).toString());
}

describe('addresses', () => {
  const base = new EventBase();
  afterAll(() => base.close());

  /** What both ends of a connection say of themselves, and the address of the listener. */
  async function ends(listenHost: string, connectHost = listenHost) {
    const listener = base.listen({ host: listenHost });
    const accepted = record(listener);
    const bound = await firstValueFrom(listener.bound);
    const connected = record(base.connect({ host: connectHost, port: bound.port }));
    await accepted.reach(1);
    await connected.reach(1);
    const [server, client] = [accepted.values[0], connected.values[0]] as [Connection, Connection];
    const found = {
      bound: bound.address,
      server: [server.localAddress, server.remoteAddress].map(text),
      client: [client.localAddress, client.remoteAddress].map(text),
    };
    accepted.subscription.unsubscribe();
    connected.subscription.unsubscribe();
    server.destroy();
    return found;
  }

  function text({ family, address }: AddressInfo): string {
    return `${family} ${address}`;
  }

  it('are written as inet_ntop() writes IPv4 in IPv6', async () => {
    expect(await ends('::', '127.0.0.1')).toEqual({
      bound: '::',
      server: ['IPv6 ::ffff:127.0.0.1', 'IPv6 ::ffff:127.0.0.1'],
      client: ['IPv4 127.0.0.1', 'IPv4 127.0.0.1'],
    });
  });

  it('are written one way, however the host was', async () => {
    const loopback = ['IPv6 ::1', 'IPv6 ::1'];
    const expected = { bound: '::1', server: loopback, client: loopback };
    expect(await ends('0:0:0:0:0:0:0:1')).toEqual(expected);
    const mapped = '::FFFF:7F00:1';
    expect((await ends('::', mapped)).client[1]).toBe('IPv6 ::ffff:127.0.0.1');
  });

  it('may have a zone, which is written only where it matters', async () => {
    const loopback = ['IPv6 ::1', 'IPv6 ::1'];
    const expected = { bound: '::1', server: loopback, client: loopback };
    expect(await ends('::1%lo')).toEqual(expected);
    expect(await ends('::1%1')).toEqual(expected);
  });

  it('keep the zone of a link-local address', () => {
    const found = withLinkLocal(`
      const { firstValueFrom, ReplaySubject } = require('rxjs');
      const { EventBase } = require('rxjs-libevent');
      const main = async () => {
        const base = new EventBase();
        const listener = base.listen({ host: 'fe80::1%lo' });
        const bound = firstValueFrom(listener.bound);
        const accepted = new ReplaySubject();
        listener.subscribe(accepted);
        const { address, port } = await bound;
        const client = await base.open({ host: address, port });
        const server = await firstValueFrom(accepted);
        const of = ({ localAddress, remoteAddress }) => [localAddress.address, remoteAddress.address];
        console.log(JSON.stringify([address, ...of(client), ...of(server)]));
        await base.close();
      };
      void main();`);
    expect(found).toEqual(Array(5).fill('fe80::1%lo'));
  });

  it('name an interface that there is', async () => {
    const failed = record(base.listen({ host: '::1%no-such-0' }));
    expect(await failed.ended).toMatchObject({ code: 'ENODEV', address: '::1%no-such-0' });
  });

  it.each<[string, number]>([
    ['127.0.0.1', 4],
    ['::1', 6],
    ['fe80::1%eth0', 6],
    ['fe80::1%wg_home', 6],
    ['fe80::1%', 0],
    ['fe80::1%a b', 0],
    ['127.0.0.1%lo', 0],
    ['name%lo', 0],
    ['localhost', 0],
  ])('%s is of IP version %d', (address, version) => {
    expect(ipVersion(address)).toBe(version);
  });
});
