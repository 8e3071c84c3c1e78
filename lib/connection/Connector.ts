import type { AddressInfo } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import type { Connection } from './Connection';

/**
 * What makes outgoing connections: sockets of a reactor, or a script in a test. It decides nothing
 * and does one thing at a time; `connectWith` says what.
 */
export interface Connector {
  /** Looks up the addresses of a host. {@link ConnectorHandler.onFound} or `onFailed` follows. */
  lookup(host: string): void;
  /** Connects to one address. {@link ConnectorHandler.onConnected} or `onFailed` follows. */
  connect(address: AddressInfo): void;
  /** Gives up what is under way and frees it: nothing is told of it any more. */
  cancel(): void;
}

/** What a connector tells. Never from inside a call of {@link Connector}. */
export interface ConnectorHandler {
  /** The addresses of the host, in the resolver's order; at least one. */
  onFound(addresses: readonly AddressInfo[]): void;
  /** The connection is open, and the handler's to end. */
  onConnected(connection: Connection): void;
  /** The look-up or the attempt has failed. */
  onFailed(error: LibeventError): void;
  /** The base has been closed, or its reactor has failed. The last call. */
  onAbandoned(error: LibeventError | undefined): void;
}

/** Opens a connector; what happens to it is told to the handler, later. */
export type OpenConnector = (handler: ConnectorHandler) => Connector;
