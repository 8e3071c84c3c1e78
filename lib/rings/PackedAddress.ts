import type { AddressInfo } from '../common/AddressInfo';

const IPV4 = 4;
const IPV6 = 6;

/** An address as it crosses the ring: its bytes in four words. Turned into text when asked for. */
export class PackedAddress {
  private readonly words: Int32Array;

  constructor(
    private readonly family: number,
    private readonly port: number,
    words: Int32Array,
    index: number,
  ) {
    this.words = words.slice(index, index + 4);
  }

  /** @param path - what a unix socket is known by */
  info(path = ''): AddressInfo {
    const bytes = new Uint8Array(this.words.buffer);
    if (this.family === IPV4) {
      return { family: 'IPv4', address: bytes.subarray(0, 4).join('.'), port: this.port };
    }
    if (this.family === IPV6) {
      return { family: 'IPv6', address: ipv6Text(bytes), port: this.port };
    }
    return { family: 'unix', address: path, port: 0 };
  }
}

/** The text of RFC 5952, by way of the URL parser, which implements it. */
function ipv6Text(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
