import { LibeventError } from '../common/LibeventError';
import type { SocketTransport, Transport } from './Transport';

/** Whether there is a socket of libevent's, or a pair, below: in a marble test there is none. */
export function isSocketTransport(transport: Transport): transport is SocketTransport {
  return 'sendFile' in transport;
}

/**
 * The transport, if it is one of libevent.
 *
 * @throws LibeventError `ENOTSUP` for another, as in a marble test
 */
export function socketTransport(transport: Transport, call: string): SocketTransport {
  if (isSocketTransport(transport)) return transport;
  const detail = 'only a connection of libevent can do this';
  throw new LibeventError('ENOTSUP', call, { detail });
}
