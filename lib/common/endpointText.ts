import type { AddressInfo } from './AddressInfo';

/** An address as messages show it: `127.0.0.1:80`, `[::1]:80`, a path; `unix` for one without. */
export function endpointText({ family, address, port }: AddressInfo): string {
  if (family === 'unix') return address === '' ? 'unix' : address;
  return family === 'IPv6' ? `[${address}]:${String(port)}` : `${address}:${String(port)}`;
}
