import type { AddressInfo } from '../common/AddressInfo';
import { ipv6Text } from '../common/ipv6Text';
import { native } from '../native';

const { ipv4: IPV4, ipv6: IPV6 } = native.layout.family;

/** An address as it crosses the ring: its bytes in four words. Turned into text when asked for. */
export class PackedAddress {
  // Numbers rather than an array: every accepted connection keeps two addresses.
  private readonly familyAndPort: number;
  private readonly word0: number;
  private readonly word1: number;
  private readonly word2: number;
  private readonly word3: number;

  /** @param zone - the interface of a link-local address */
  constructor(
    family: number,
    port: number,
    words: Int32Array,
    index: number,
    private readonly zone = '',
  ) {
    this.familyAndPort = (family << 16) | port;
    this.word0 = words[index] ?? 0;
    this.word1 = words[index + 1] ?? 0;
    this.word2 = words[index + 2] ?? 0;
    this.word3 = words[index + 3] ?? 0;
  }

  equals(other: PackedAddress): boolean {
    return (
      this.familyAndPort === other.familyAndPort &&
      this.word0 === other.word0 &&
      this.word1 === other.word1 &&
      this.word2 === other.word2 &&
      this.word3 === other.word3 &&
      this.zone === other.zone
    );
  }

  /** @param path - what a unix socket is known by */
  info(path = ''): AddressInfo {
    const words = Int32Array.of(this.word0, this.word1, this.word2, this.word3);
    const bytes = new Uint8Array(words.buffer);
    const family = this.familyAndPort >> 16;
    const port = this.familyAndPort & 0xffff;
    if (family === IPV4) {
      return { family: 'IPv4', address: bytes.subarray(0, 4).join('.'), port };
    }
    if (family === IPV6) {
      const groups = Array.from({ length: 8 }, (_, group) =>
        (((bytes[group * 2] ?? 0) << 8) | (bytes[group * 2 + 1] ?? 0)).toString(16),
      );
      return { family: 'IPv6', address: ipv6Text(groups.join(':'), this.zone), port };
    }
    return { family: 'unix', address: path, port: 0 };
  }
}
