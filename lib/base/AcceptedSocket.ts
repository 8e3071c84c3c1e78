import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import type { Accepted } from '../connection/Acceptor';
import type { Connection } from '../connection/Connection';
import type { PackedAddress } from '../rings/PackedAddress';
import type { RingAcceptor } from './RingAcceptor';

/** A socket that has been accepted, and then the addresses of the connection that it is. */
export class AcceptedSocket implements Accepted, ConnectionAddresses {
  constructor(
    private readonly acceptor: RingAcceptor,
    private fd: number,
    private readonly remoteAddress: PackedAddress,
    private readonly localAddress: PackedAddress,
  ) {}

  take(): Connection {
    const { fd } = this;
    this.fd = -1;
    const { options } = this.acceptor;
    return this.acceptor.adopt(fd).carry(options.connection, this);
  }

  refuse(): void {
    if (this.fd !== -1) this.acceptor.refuse(this.fd);
  }

  local(): AddressInfo {
    return this.localAddress.info(this.acceptor.path);
  }

  remote(): AddressInfo {
    return this.remoteAddress.info();
  }
}
