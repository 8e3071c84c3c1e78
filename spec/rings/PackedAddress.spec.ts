import * as fc from 'fast-check';
import { BlockList, isIPv6 } from 'node:net';
import { PackedAddress } from '../../lib/rings/PackedAddress';

function packed(family: number, port: number, bytes: readonly number[]): PackedAddress {
  const words = new Int32Array(6);
  new Uint8Array(words.buffer).set(bytes, 4);
  return new PackedAddress(family, port, words, 1);
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
    ['::ffff:7f00:1', [...Array<number>(10).fill(0), 255, 255, 127, 0, 0, 1]],
    ['2001:0:0:1::1', [0x20, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]],
  ])('is %s in the words of RFC 5952', (text, bytes) => {
    expect(packed(6, 1, bytes).info()).toEqual({ family: 'IPv6', address: text, port: 1 });
  });

  it('is the IPv6 address that its bytes are, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
        const { address } = packed(6, 0, [...bytes]).info();
        expect(isIPv6(address)).toBe(true);
        const groups = Array.from({ length: 8 }, (_, at) =>
          (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
        );
        const list = new BlockList();
        list.addAddress(groups.join(':'), 'ipv6');
        expect(list.check(address, 'ipv6')).toBe(true);
      }),
    );
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
