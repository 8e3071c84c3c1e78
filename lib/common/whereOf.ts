import type { AddressInfo } from './AddressInfo';
import type { LibeventErrorInfo } from './LibeventError';

/** An address as errors have it: a unix socket has no port, and may have no path either. */
export function whereOf({
  family,
  address,
  port,
}: AddressInfo): Pick<LibeventErrorInfo, 'address' | 'port'> {
  if (address === '') return {};
  return family === 'unix' ? { address } : { address, port };
}
