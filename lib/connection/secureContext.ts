import { type SecureContext, createSecureContext } from 'node:tls';
import { LibeventError } from '../common/LibeventError';
import type { TlsContextConfig } from './TlsConfig';

/** Of `ticketKeys`, as Node has them. */
export const TICKET_KEY_BYTES = 48;

/**
 * A context of Node's.
 *
 * @throws TypeError, RangeError for options of wrong type; LibeventError `ERR_TLS_CONTEXT` for a
 *   certificate, a key and so on that OpenSSL does not take
 */
export function secureContext(config: TlsContextConfig): SecureContext {
  const { ticketKeys } = config;
  if (ticketKeys !== undefined && ticketKeys.length !== TICKET_KEY_BYTES) {
    throw new RangeError(
      `ticketKeys must be ${String(TICKET_KEY_BYTES)} bytes, got ${String(ticketKeys.length)}`,
    );
  }
  try {
    // Without such a name a server that asks for certificates could resume nothing.
    return createSecureContext({ sessionIdContext: 'rxjs-libevent', ...config });
  } catch (error) {
    const { message, name } = error as Error;
    // By their names: Node's own are of another realm where a test runner has several.
    if (name === 'TypeError' || name === 'RangeError') throw error;
    throw new LibeventError('ERR_TLS_CONTEXT', 'createSecureContext', { detail: message });
  }
}
