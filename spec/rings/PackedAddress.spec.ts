import * as fc from 'fast-check';
import { SocketAddress } from 'node:net';
import { PackedAddress } from '../../lib/rings/PackedAddress';

function packed(
  family: number,
  port: number,
  bytes: readonly number[],
  zone?: string,
): PackedAddress {
  const words = new Int32Array(6);
  new Uint8Array(words.buffer).set(bytes, 4);
  return new PackedAddress(family, port, words, 1, zone);
}

describe('PackedAddress', () => {
  it('is an IPv4 address, with a port of 16 bits', () => {
    expect(packed(4, 65535, [192, 0, 2, 255]).info()).toEqual({
      family: 'IPv4',
      address: '192.0.2.255',
      port: 65535,
    });
  });

  it.each<[string, number[]]>([
    ['::', Array<number>(16).fill(0)],
    ['::1', [...Array<number>(15).fill(0), 1]],
    ['2001:db8::1', [0x20, 1, 0x0d, 0xb8, ...Array<number>(11).fill(0), 1]],
    ['::ffff:127.0.0.1', [...Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1]],
    ['::ffff:0.0.0.0', [...Array<number>(10).fill(0), 255, 255, 0, 0, 0, 0]],
    ['::192.0.2.1', [...Array<number>(12).fill(0), 192, 0, 2, 1]],
    ['::ffff:0:0:1', [...Array<number>(8).fill(0), 255, 255, 0, 0, 0, 0, 0, 1]],
    ['2001:0:0:1::1', [0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]],
  ])('is %s, as inet_ntop() writes it', (text, bytes) => {
    expect(packed(6, 1, bytes).info()).toEqual({ family: 'IPv6', address: text, port: 1 });
  });

  it('is written as Node writes it, whatever its bytes are', () => {
    // Groups of zeros, and prefixes that have IPv4 behind them, are likelier than in random bytes.
    const group = fc.constantFrom([0, 0], [255, 255], [0, 1], [127, 0], [0xfe, 0x80], [0x20, 1]);
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const bytes = groups.flat();
        const text = groups.map((pair) => Buffer.from(pair).toString('hex')).join(':');
        const node = new SocketAddress({ address: text, family: 'ipv6' });
        expect(packed(6, 0, bytes).info().address).toBe(node.address);
      }),
      { numRuns: 1000 },
    );
  });

  it('has the zone of a link-local address, and no other address has one', () => {
    const bytes = (first: number, second: number) => [
      first,
      second,
      ...Array<number>(13).fill(0),
      1,
    ];
    expect(packed(6, 1, bytes(0xfe, 0x80), 'eth0').info().address).toBe('fe80::1%eth0');
    expect(packed(6, 1, bytes(0xfe, 0xbf), 'eth0').info().address).toBe('febf::1%eth0');
    expect(packed(6, 1, bytes(0xfe, 0xc0), 'eth0').info().address).toBe('fec0::1');
    expect(packed(6, 1, bytes(0, 0), 'lo').info().address).toBe('::1');
    const local = packed(6, 1, bytes(0xfe, 0x80), 'eth0');
    expect(local.equals(packed(6, 1, bytes(0xfe, 0x80), 'eth1'))).toBe(false);
    expect(local.equals(packed(6, 1, bytes(0xfe, 0x80), 'eth0'))).toBe(true);
  });

  it('is the path that it is given, for a unix socket', () => {
    expect(packed(1, 7, []).info('/run/x')).toEqual({ family: 'unix', address: '/run/x', port: 0 });
    expect(packed(1, 7, []).info()).toEqual({ family: 'unix', address: '', port: 0 });
  });

  it('keeps its own copy: the record may be written over', () => {
    const words = new Int32Array(4);
    new Uint8Array(words.buffer).set([127, 0, 0, 1]);
    const address = new PackedAddress(4, 80, words, 0);
    words.fill(-1);
    expect(address.info().address).toBe('127.0.0.1');
  });
});
