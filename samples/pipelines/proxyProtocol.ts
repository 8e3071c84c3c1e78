import { isIP, SocketAddress } from 'node:net';
import type { AddressInfo } from 'rxjs-libevent';

/** From where a client has really come, and to where; nothing for a proxy's own health checks. */
export interface ProxyHeader {
  readonly source?: Endpoint;
  readonly destination?: Endpoint;
}

export type Endpoint = Pick<AddressInfo, 'address' | 'port' | 'family'>;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const LONGEST_TEXT = 107;

/**
 * A header of the PROXY protocol, of either version, as a parser for `frames`.
 *
 * @see https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt
 */
export function parseProxyHeader(bytes: Buffer): readonly [ProxyHeader, number] | undefined {
  if (SIGNATURE.equals(bytes.subarray(0, SIGNATURE.length))) return parseBinary(bytes);
  if (SIGNATURE.subarray(0, bytes.length).equals(bytes)) return undefined;
  const end = bytes.subarray(0, LONGEST_TEXT).indexOf('\r\n');
  if (end < 0 && bytes.length < LONGEST_TEXT) return undefined;
  const [proxy, family, source, destination, sourcePort, destinationPort, more] = bytes
    .toString('latin1', 0, Math.max(end, 0))
    .split(' ');
  const used = end + 2;
  if (proxy === 'PROXY' && family === 'UNKNOWN') return [{}, used];
  const of = (address = '', port = ''): Endpoint =>
    endpoint(family === 'TCP6', address, Number(port));
  if (proxy !== 'PROXY' || !/^TCP[46]$/.test(family ?? '') || more !== undefined) refuse();
  return [{ source: of(source, sourcePort), destination: of(destination, destinationPort) }, used];
}

function parseBinary(bytes: Buffer): readonly [ProxyHeader, number] | undefined {
  if (bytes.length < 16) return undefined;
  const [command = 0, family = 0] = bytes.subarray(12);
  const used = 16 + bytes.readUInt16BE(14);
  if (bytes.length < used) return undefined;
  if (command >> 4 !== 2 || command > 0x21) refuse();
  const isV6 = family === 0x21;
  // LOCAL, or no TCP: there is nobody to speak of.
  if (command === 0x20 || !(isV6 || family === 0x11)) return [{}, used];
  const size = isV6 ? 16 : 4;
  if (used < 16 + 2 * size + 4) refuse();
  const of = (from: number, portAt: number): Endpoint =>
    endpoint(isV6, addressOf(bytes.subarray(from, from + size)), bytes.readUInt16BE(portAt));
  const ports = 16 + 2 * size;
  return [{ source: of(16, ports), destination: of(16 + size, ports + 2) }, used];
}

/** The header of version 1, in text; every server that knows the protocol knows it. */
export function proxyHeader({ source, destination }: ProxyHeader): string {
  if (source === undefined || destination?.family !== source.family) return 'PROXY UNKNOWN\r\n';
  const family = source.family === 'IPv6' ? 'TCP6' : 'TCP4';
  const addresses = `${source.address} ${destination.address}`;
  return `PROXY ${family} ${addresses} ${String(source.port)} ${String(destination.port)}\r\n`;
}

function endpoint(isV6: boolean, address: string, port: number): Endpoint {
  const family = isV6 ? 'IPv6' : 'IPv4';
  if (isIP(address) !== (isV6 ? 6 : 4) || !(port >= 0 && port <= 65535)) refuse();
  return { address, port, family };
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = bytes.toString('hex').replace(/(?<=.)(?=(.{4})+$)/g, ':');
  return new SocketAddress({ address: groups, family: 'ipv6' }).address;
}

function refuse(): never {
  throw new Error('not a header of the PROXY protocol');
}
