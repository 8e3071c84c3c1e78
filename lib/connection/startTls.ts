import { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import { inSubscriberContext } from '../common/inSubscriberContext';
import { Connection } from './Connection';
import { socketTransport } from './socketTransport';
import {
  type TlsClientConfig,
  type TlsOptions,
  type TlsServerConfig,
  tlsClientOptions,
  tlsServerOptions,
} from './TlsConfig';
import { withContext } from './withContext';

/** Options of {@link startTls}: those of a server, or those of a client. */
export type StartTlsConfig =
  | (TlsServerConfig & { readonly isServer: true })
  | (TlsClientConfig & { readonly isServer?: false });

function optionsOf(config: StartTlsConfig): TlsOptions {
  const { isServer = false, ...tls } = config;
  return isServer ? tlsServerOptions('config', tls) : tlsClientOptions('config', tls);
}

function refusal(connection: Connection): LibeventError | undefined {
  const { output, transport } = connection.core;
  if (socketTransport(transport, 'startTls').securing) {
    return new LibeventError('EALREADY', 'startTls', {
      detail: 'the connection has begun it already',
    });
  }
  if (!output.open || output.file !== undefined) {
    const detail = 'the connection is closing, or is sending a file';
    return new LibeventError('ERR_NOT_WRITABLE', 'startTls', { detail });
  }
  return undefined;
}

/** The first byte of what a client sends: a record of a handshake. */
const HANDSHAKE_RECORD = 22;

function plaintextError(bytes: number): LibeventError {
  const detail = `${String(bytes)} bytes have come in front of the handshake`;
  return new LibeventError('ERR_TLS_PLAINTEXT', 'startTls', { detail });
}

/**
 * Secures a connection that is open: STARTTLS of SMTP, IMAP, XMPP or PostgreSQL.
 *
 * "From here on, encrypted, both ways."
 *
 * ```
 * before      --A--|
 * startTls         ---C|
 * connection  --A-------x--y--   x and y have been decrypted
 * ```
 *
 * What has been written before is sent before, as it is; what is written from here on waits for the
 * handshake and is encrypted. Its reader should have ended before. What has been received and is not
 * used goes back and is decrypted, where it is the greeting of a client that does not wait, as behind a
 * PROXY header. Anything else would be trusted as if it had been encrypted, so it is an error, and the
 * connection is reset (this is what STARTTLS injection tries).
 *
 * - **Subscribe**: cold; begins the handshake.
 * - **Next**: the connection, once, when it is secured.
 * - **Complete**: at once afterwards.
 * - **Error**: {@link LibeventError} `ERR_TLS_PLAINTEXT`, `ERR_TLS_HANDSHAKE` and the others of a
 *   handshake, which end the connection, too; `EALREADY`, `ERR_NOT_WRITABLE`, which do not.
 * - **Unsubscribe**: the handshake goes on.
 *
 * @param config - options of a server with `isServer: true`, otherwise of a client, which needs
 *   `servername` to verify the server by
 * @throws TypeError, RangeError for options of wrong type or out of bounds
 *
 * @example
 * ```ts
 * concatMap(() => startTls(conn, { isServer: true, key, cert }))
 * ```
 */
export function startTls(connection: Connection, config: StartTlsConfig): Observable<Connection> {
  if (!(connection instanceof Connection)) throw new TypeError('connection must be a Connection');
  const options = optionsOf(config);
  const isServer = options.role === 'server';
  return inSubscriberContext(
    new Observable<Connection>((subscriber) => {
      const { core } = connection;
      const refused = refusal(connection);
      if (refused !== undefined) {
        subscriber.error(refused);
        return;
      }
      const fail = (error: LibeventError): void => {
        core.forget(closed);
        core.onEnd(error);
        subscriber.error(error);
      };
      // Within an emission, what its readers do not use comes back behind it. The record is submitted
      // all the same: what is written next must not be plain.
      let held: Buffer | undefined;
      let isRefused = false;
      const look = (): void => {
        held ??= core.input.takeWaiting();
        const [first = HANDSHAKE_RECORD] = held;
        if (isRefused || (first === HANDSHAKE_RECORD && (isServer || held.length === 0))) return;
        isRefused = true;
        const error = plaintextError(held.length);
        core.forget(closed);
        connection.error(error);
        subscriber.error(error);
      };
      const takeInput = (underWay: Buffer): Buffer | undefined => {
        look();
        held = Buffer.concat([held ?? Buffer.alloc(0), underWay]);
        look();
        return isRefused ? undefined : held;
      };
      const closed = {
        onClosed: () => {
          const detail = 'the connection was closed within the handshake';
          subscriber.error(
            connection.failure ?? new LibeventError('ECANCELED', 'startTls', { detail }),
          );
        },
      };
      try {
        const { input, output } = core;
        const secured = socketTransport(core.transport, 'startTls').secure(
          withContext(options),
          {
            receivedBytes: input.receivedBytes,
            writtenBytes: output.writtenBytes,
            readHigh: input.marks.high,
          },
          {
            ...(isServer ? { takeInput } : {}),
            onSecured: () => {
              look();
              if (isRefused) return;
              core.forget(closed);
              subscriber.next(connection);
              subscriber.complete();
            },
            onFailed: fail,
          },
        );
        core.moveTo(secured);
      } catch (error) {
        subscriber.error(error);
        return;
      }
      core.listen(closed);
      if (core.input.emits) queueMicrotask(look);
      else look();
    }),
  );
}
