import type { PeerCertificate } from 'node:tls';
import { checkOptions } from '../common/check';
import { LibeventError } from '../common/LibeventError';
import { ConnectionTls, type TlsHandshakeResult } from '../connection/ConnectionTls';
import { MarbleError } from './MarbleError';
import { kindOf } from './kindOf';

/**
 * What a connection of a test says of its handshake, as `connection.tls` has it. Defaults: TLS 1.3 with
 * its usual cipher, no protocol of ALPN, no name, not resumed; `authorized` where there is a certificate.
 */
export interface PeerTls extends Partial<TlsHandshakeResult> {
  /** In place of `certificates`: what `connection.tls.peerCertificate` gives. */
  readonly peerCertificate?: PeerCertificate;
  /** What `connection.tls.session` gives. */
  readonly session?: Buffer;
}

const AGREED: TlsHandshakeResult = {
  protocol: 'TLSv1.3',
  cipher: {
    name: 'TLS_AES_256_GCM_SHA384',
    standardName: 'TLS_AES_256_GCM_SHA384',
    version: 'TLSv1.3',
  },
  alpnProtocol: undefined,
  servername: undefined,
  resumed: false,
  authorized: false,
  authorizationError: undefined,
  certificates: [],
};
const KNOWN = { ...AGREED, peerCertificate: undefined, session: undefined };

/** What a connection in virtual time is secured by: words, and nothing that encrypts. */
export class VirtualTls extends ConnectionTls {
  constructor(private readonly peerTls: PeerTls) {
    const { peerCertificate, session, ...result } = peerTls;
    const identified = peerCertificate !== undefined || (result.certificates?.length ?? 0) > 0;
    super(
      {
        ...AGREED,
        authorized: identified && result.authorizationError === undefined,
        ...result,
      },
      'reactor',
    );
    if (session !== undefined) this.addSession(session);
  }

  override get peerCertificate(): PeerCertificate | undefined {
    return this.peerTls.peerCertificate ?? super.peerCertificate;
  }
}

/** The option `tls` of a peer: how its handshake ends, if it has one. */
export function peerTlsOption(value: unknown, name: string): PeerTls | LibeventError | undefined {
  if (value === undefined || value instanceof LibeventError) return value;
  if (typeof value !== 'object' || value === null) {
    throw new MarbleError(
      `${name} must say what was agreed on, or be a LibeventError, got ${kindOf(value)}`,
    );
  }
  checkOptions(name, value, KNOWN);
  return value;
}
