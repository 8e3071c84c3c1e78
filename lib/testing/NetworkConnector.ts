import type { AddressInfo } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import type { ConnectOptions } from '../connection/ConnectConfig';
import type { Connector, ConnectorHandler } from '../connection/Connector';
import type { Machine } from './Machine';
import type { VirtualNetwork } from './VirtualNetwork';
import type { VirtualReactor } from './VirtualReactor';

/** One subscription's attempts to connect over a virtual network. */
export class NetworkConnector implements Connector {
  private readonly underWay = new Set<() => void>();
  private cancelled = 0;

  constructor(
    private readonly network: VirtualNetwork,
    private readonly machine: Machine,
    private readonly reactor: VirtualReactor,
    private readonly options: ConnectOptions,
    private readonly handler: ConnectorHandler,
  ) {}

  lookup(host: string): void {
    const { target } = this.options;
    const port = target.kind === 'ip' ? target.port : 0;
    const { cancelled } = this;
    this.reactor.post(() => {
      if (this.cancelled !== cancelled) return;
      const address = this.network.addressOf(this.machine, host);
      if (address === undefined) {
        this.handler.onNotFound(
          new LibeventError('ENOTFOUND', 'getaddrinfo', { address: host, port }),
        );
      } else {
        this.handler.onFound([{ family: 'IPv4', address, port }]);
      }
    });
  }

  connect(address: AddressInfo): void {
    this.reactor.checkRunning(`a base was to connect to port ${String(address.port)}`);
    const { handler, underWay } = this;
    const cancel = this.network.dial(this.machine, address, this.options.connection, {
      onConnected: (connection) => {
        underWay.delete(cancel);
        handler.onConnected(connection);
      },
      onFailed: (error) => {
        underWay.delete(cancel);
        handler.onFailed(address, error);
      },
    });
    underWay.add(cancel);
  }

  cancel(): void {
    this.cancelled += 1;
    for (const cancel of this.underWay) cancel();
    this.underWay.clear();
  }
}
