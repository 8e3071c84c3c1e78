import { channel } from 'node:diagnostics_channel';
import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import { whereOf } from '../common/whereOf';
import type { Accepted } from '../connection/Acceptor';
import type { Connection } from '../connection/Connection';
import type { ConnectionOptions } from '../connection/ConnectionConfig';
import type { TlsServerOptions } from '../connection/TlsConfig';
import { withContext } from '../connection/withContext';
import { ALERT_DEADLINE_MS, type RingTransport } from './RingTransport';
import type { TlsContext } from './TlsContext';
import type { NodeTlsContext } from '../connection/NodeTlsContext';

/** A failed handshake of a listener, on the diagnostics channel `'rxjs-libevent:tls:error'`. */
export interface TlsErrorMessage {
  readonly error: LibeventError;
  /** Of the peer. */
  readonly remoteAddress: AddressInfo;
}

const tlsErrors = channel('rxjs-libevent:tls:error');

/** What {@link Handshakes} reports. */
export interface HandshakeEvents {
  /** Nobody can take it but once; it may be refused. */
  onSecured(accepted: Accepted): void;
  onFailed(error: LibeventError): void;
}

/** The handshakes of a listener that are under way. */
export class Handshakes {
  private readonly underWay = new Set<RingTransport>();
  private readonly tls: TlsServerOptions;

  constructor(
    tls: TlsServerOptions,
    private readonly context: TlsContext | NodeTlsContext,
    private readonly connection: ConnectionOptions,
    private readonly events: HandshakeEvents,
  ) {
    // That of the listener's subscriber.
    this.tls = withContext(tls);
  }

  /** Whether some are under way. */
  get busy(): boolean {
    return this.underWay.size > 0;
  }

  begin(transport: RingTransport, addresses: ConnectionAddresses): void {
    this.underWay.add(transport);
    const remoteAddress = addresses.remote();
    const carrier = transport.secure(
      this.tls,
      { receivedBytes: 0, writtenBytes: 0, readHigh: this.connection.read.high },
      {
        onSecured: () => {
          if (!this.underWay.delete(transport)) return;
          this.carry(transport, addresses);
        },
        onFailed: (error) => {
          if (!this.underWay.delete(transport)) return;
          carrier.close('linger', ALERT_DEADLINE_MS);
          this.fail(error, remoteAddress);
        },
      },
      this.context,
      whereOf(remoteAddress),
    );
  }

  /** At once, though nobody may take it yet: from here on it may end. */
  private carry(transport: RingTransport, addresses: ConnectionAddresses): void {
    let connection: Connection;
    try {
      connection = transport.carry(this.connection, addresses);
    } catch (error) {
      // Its rate-limit group has been closed.
      transport.close('drop', 0);
      this.fail(error as LibeventError, addresses.remote());
      return;
    }
    this.events.onSecured({
      take: () => connection,
      refuse: () => {
        connection.destroy();
      },
    });
  }

  fail(error: LibeventError, remoteAddress: AddressInfo): void {
    if (tlsErrors.hasSubscribers) {
      const message: TlsErrorMessage = { error, remoteAddress };
      tlsErrors.publish(message);
    }
    this.events.onFailed(error);
  }

  /** Nobody waits for them any more. */
  cancel(): void {
    for (const transport of this.underWay) transport.close('drop', 0);
    this.underWay.clear();
  }
}
