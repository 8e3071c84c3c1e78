import { LibeventError } from '../common/LibeventError';
import type { SocketTransport, Transport } from './Transport';

/**
 * The transport, if it is one of libevent.
 *
 * @throws LibeventError `ENOTSUP` for another, as in a marble test
 */
export function socketTransport(transport: Transport, call: string): SocketTransport {
  if ('sendFile' in transport) return transport as SocketTransport;
  const detail = 'only a connection of libevent can do this';
  throw new LibeventError('ENOTSUP', call, { detail });
}
