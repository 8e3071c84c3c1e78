import { X509Certificate } from 'node:crypto';
import type { TlsHandshakeResult } from './ConnectionTls';
import type { TlsClientOptions } from './TlsConfig';

/** Whether the certificate of a server is that of the name: Node's check, or the user's. */
export function identityError(
  { identity, checkServerIdentity }: TlsClientOptions,
  { authorizationError, certificates: [certificate] }: TlsHandshakeResult,
): { code: string; detail: string } | undefined {
  // What cannot be verified needs no name.
  if (authorizationError !== undefined || certificate === undefined) return undefined;
  try {
    const error: unknown = checkServerIdentity(
      identity,
      new X509Certificate(certificate).toLegacyObject(),
    );
    // As in Node: null, too, says that there is none.
    return error ? wordsOf(error) : undefined;
  } catch (thrown) {
    return wordsOf(thrown);
  }
}

/** Whatever it is: a check that throws undefined has not found the name to be right. */
function wordsOf(error: unknown): { code: string; detail: string } {
  const { code, message } = Object(error) as {
    readonly code?: unknown;
    readonly message?: unknown;
  };
  return {
    code: typeof code === 'string' ? code : 'ERR_TLS_CERT_ALTNAME_INVALID',
    // Node names the addresses of the certificate at the end, also where it has none.
    detail:
      typeof message === 'string'
        ? message.replace(/: $/, ', which is empty;')
        : 'checkServerIdentity has refused the name',
  };
}
