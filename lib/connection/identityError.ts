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
  let error: unknown;
  try {
    error = checkServerIdentity(identity, new X509Certificate(certificate).toLegacyObject());
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) return undefined;
  const { code, message } = error as NodeJS.ErrnoException;
  return { code: code ?? 'ERR_TLS_CERT_ALTNAME_INVALID', detail: message };
}
