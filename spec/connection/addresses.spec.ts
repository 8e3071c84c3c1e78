import { networkInterfaces } from 'node:os';
import { firstValueFrom } from 'rxjs';
import { EventBase, type AddressInfo, type Connection } from 'rxjs-libevent';
import { ipVersion } from '../../lib/connection/ipVersion';
import { record } from './support/record';

/** A link-local address of this machine with its zone, if it has one. */
const linkLocal = Object.entries(networkInterfaces())
  .flatMap(([name, addresses]) => (addresses ?? []).map(({ address }) => `${address}%${name}`))
  .find((address) => address.startsWith('fe80:'));

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

  (linkLocal === undefined ? it.skip : it)('keep the zone of a link-local address', async () => {
    const both = [`IPv6 ${linkLocal ?? ''}`, `IPv6 ${linkLocal ?? ''}`];
    expect(await ends(linkLocal ?? '')).toEqual({ bound: linkLocal, server: both, client: both });
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
