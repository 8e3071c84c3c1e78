import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import { ConnectionTls, type TlsHandshakeResult } from './ConnectionTls';
import { identityError } from './identityError';
import type { TlsEngine, TlsOptions } from './TlsConfig';

/** OpenSSL refuses most by itself, and `node:tls` leaves it to who uses it. */
function refusal(
  { role }: TlsOptions,
  { authorizationError: code = '', certificates }: TlsHandshakeResult,
  where: LibeventErrorInfo,
): LibeventError {
  if (certificates.length > 0) {
    const detail = code.toLowerCase().replaceAll('_', ' ');
    return new LibeventError(code, 'handshake', { ...where, detail });
  }
  // A server asks for none where a session is resumed of a server that had asked for none.
  const detail =
    role === 'server'
      ? 'the session that is resumed has no certificate'
      : 'the server has no certificate';
  return new LibeventError('ERR_TLS_HANDSHAKE', 'handshake', { ...where, detail });
}

/** What a handshake that is done comes to, by the options of this end: an error where it refuses the peer. */
export function securedBy(
  engine: TlsEngine,
  options: TlsOptions,
  result: TlsHandshakeResult,
  where: LibeventErrorInfo,
): ConnectionTls | LibeventError {
  const { rejectUnauthorized: rejects } = options;
  if (result.authorizationError !== undefined && rejects) return refusal(options, result, where);
  const error = options.role === 'client' ? identityError(options, result) : undefined;
  if (error !== undefined && rejects) {
    return new LibeventError(error.code, 'handshake', { ...where, detail: error.detail });
  }
  const authorizationError = error?.code ?? result.authorizationError;
  const authorized = result.authorized && error === undefined;
  const secured = new ConnectionTls({ ...result, authorized, authorizationError }, engine);
  // One of TLS 1.2 stays as it is; a ticket of TLS 1.3 is followed by others.
  if (options.role === 'client' && result.resumed && options.session !== undefined) {
    secured.addSession(options.session);
  }
  return secured;
}
