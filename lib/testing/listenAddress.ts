import type { AddressInfo } from '../common/AddressInfo';
import type { ListenOptions } from '../connection/ListenConfig';
import { ipVersion } from '../connection/ipVersion';

/** What a virtual listener is bound to that asks for any port. */
export const DEFAULT_PORT = 40713;

/** A name, and no host, are this machine. */
export function listenAddress(target: ListenOptions['target']): AddressInfo {
  if (target.kind === 'unix') return { family: 'unix', address: target.path, port: 0 };
  const host = target.kind === 'ip' ? (target.host ?? '') : '';
  const port = target.kind === 'ip' && target.port !== 0 ? target.port : DEFAULT_PORT;
  const version = ipVersion(host);
  if (version === 6) return { family: 'IPv6', address: host, port };
  return { family: 'IPv4', address: version === 4 ? host : '127.0.0.1', port };
}
