import type { AddressInfo } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import type { Connection } from './Connection';

/**
 * What makes outgoing connections: sockets of a reactor, or a script in a test. It decides nothing;
 * `connectWith` says what to try, and when.
 */
export interface Connector {
  /** Looks up the addresses of a host. {@link ConnectorHandler.onFound} or `onNotFound` follows. */
  lookup(host: string): void;
  /**
   * Connects to one address, beside those that are being tried. {@link ConnectorHandler.onConnected}
   * or `onFailed` follows.
   */
  connect(address: AddressInfo): void;
  /** Cancels everything that is under way: nothing follows. */
  cancel(): void;
}

/** What a connector reports. Never from inside a call of {@link Connector}. */
export interface ConnectorHandler {
  /** The addresses of the host, in the resolver's order; at least one. */
  onFound(addresses: readonly AddressInfo[]): void;
  /** The look-up has failed. */
  onNotFound(error: LibeventError): void;
  /** The connection is open, and the handler's to end. */
  onConnected(connection: Connection): void;
  /** One attempt has won, and the others are cancelled: its handshake is what is left. */
  onSecuring(): void;
  /** One attempt has failed; the others go on. */
  onFailed(address: AddressInfo, error: LibeventError): void;
  /** The base has been closed, or its reactor has failed. The last call. */
  onAbandoned(error: LibeventError | undefined): void;
}

/** Opens a connector, which reports to the handler, later. */
export type OpenConnector = (handler: ConnectorHandler) => Connector;
