import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';

const noAddress = (): AddressInfo => ({ family: 'unix', address: '', port: 0 });

/** Of an end of a pair. */
export const noAddresses: ConnectionAddresses = { local: noAddress, remote: noAddress };
