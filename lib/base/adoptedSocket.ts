import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { native } from '../native';
import { PackedAddress } from '../rings/PackedAddress';
import { zoneName } from '../rings/zoneName';

const ZONED = native.layout.family.zoned;
const { recordWords } = native.layout.memory;
/** What stands in front of the records: the descriptor, the family and the ports. */
const HEAD = 3;

/** A duplicate of a descriptor, on its way to a reactor. */
export interface AdoptedSocket {
  readonly fd: number;
  readonly addresses: ConnectionAddresses;
}

/**
 * Duplicates a connected stream socket.
 *
 * @throws LibeventError `EBADF`, `ENOTSOCK`, `ENOTSUP` for another kind of socket, `ENOTCONN`
 */
export function adoptedSocket(descriptor: number): AdoptedSocket {
  let numbers: readonly number[];
  try {
    numbers = native.adoptDescriptor(descriptor);
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    const detail = `descriptor ${String(descriptor)} must be a stream socket that is connected`;
    throw LibeventError.of(-errno, 'adopt', { detail });
  }
  const [fd = -1, family = 0, ports = 0] = numbers;
  const words = Int32Array.from(numbers.slice(HEAD));
  const zone = (family & ZONED) === 0 ? '' : zoneName(words, 2 * recordWords);
  const address = (port: number, index: number): (() => AddressInfo) => {
    const packed = new PackedAddress(family & ~ZONED, port & 0xffff, words, index, zone);
    return () => packed.info();
  };
  return {
    fd,
    addresses: { remote: address(ports >>> 16, 0), local: address(ports, recordWords) },
  };
}
