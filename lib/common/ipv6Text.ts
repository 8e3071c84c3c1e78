/** The last two groups of an address that is IPv4 inside: `::ffff:7f00:1`, or the older `::7f00:1`. */
const IPV4_INSIDE = /^(::(?:ffff:)?)([0-9a-f]+):([0-9a-f]+)$/;

/**
 * An IPv6 address as `inet_ntop()` and Node write it: `::ffff:127.0.0.1`, `fe80::1%eth0`. As in Node,
 * a zone is written for a link-local address only, since no other needs one.
 *
 * @param text - any form of it, without a zone
 * @param zone - the interface
 */
export function ipv6Text(text: string, zone: string): string {
  // The URL parser implements RFC 5952, but for its advice on IPv4.
  const address = new URL(`http://[${text}]`).hostname.slice(1, -1);
  if (zone !== '' && /^fe[89ab]/.test(address)) return `${address}%${zone}`;
  return address.replace(IPV4_INSIDE, (_, prefix: string, high: string, low: string) => {
    const [two, other] = [parseInt(high, 16), parseInt(low, 16)];
    return `${prefix}${[two >> 8, two & 255, other >> 8, other & 255].join('.')}`;
  });
}
