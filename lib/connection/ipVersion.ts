import { isIP } from 'node:net';

/** The name or the number of an interface; `isIP()` knows too few of the characters that may be in it. */
const ZONE = /%[^\s/%]+$/;

/** 4 or 6 for a numeric address, with a zone or without (`fe80::1%eth0`), 0 for a name. */
export function ipVersion(text: string): 0 | 4 | 6 {
  const address = text.replace(ZONE, '');
  const version = isIP(address);
  return address === text || version === 6 ? (version as 0 | 4 | 6) : 0;
}
