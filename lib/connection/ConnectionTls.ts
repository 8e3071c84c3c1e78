import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { type Observable, ReplaySubject } from 'rxjs';
import { inSubscriberContext } from '../common/inSubscriberContext';
import type { TlsEngine } from './TlsConfig';

/** A cipher suite, as Node's `getCipher()` has it. */
export interface TlsCipher {
  /** OpenSSL's name. */
  readonly name: string;
  /** That of the RFCs. */
  readonly standardName: string;
  /** The version of TLS that brought it, as `'TLSv1.3'`. */
  readonly version: string;
}

/** What a handshake has come to. */
export type TlsHandshakeResult = Pick<
  ConnectionTls,
  | 'protocol'
  | 'cipher'
  | 'alpnProtocol'
  | 'servername'
  | 'resumed'
  | 'authorized'
  | 'authorizationError'
  | 'certificates'
>;

/** What a secured connection has agreed on, and who its peer is. */
export class ConnectionTls {
  /** As `'TLSv1.3'`. */
  readonly protocol!: string;
  readonly cipher!: TlsCipher;
  /** What ALPN has chosen; undefined if it was not used. */
  readonly alpnProtocol: string | undefined;
  /** The name that the client has asked for. */
  readonly servername: string | undefined;
  /** Whether it goes on with an earlier session. */
  readonly resumed!: boolean;
  /** Whether the peer has a certificate that was verified. */
  readonly authorized!: boolean;
  /** Why it was not, with Node's codes: `'CERT_HAS_EXPIRED'`, `'DEPTH_ZERO_SELF_SIGNED_CERT'` … */
  readonly authorizationError: string | undefined;
  /** The peer's certificates as it has sent them, DER, its own first. */
  readonly certificates!: readonly Buffer[];
  private parsed: PeerCertificate | undefined;
  private latest: Buffer | undefined;
  /** Once somebody has asked for it. */
  private sessionSubject: ReplaySubject<Buffer> | undefined;

  /** @internal Comes from `connection.tls`. */
  constructor(
    result: TlsHandshakeResult,
    /** What encrypts: the reactor, by Node's OpenSSL; or `node:tls`, on JavaScript's thread. */
    readonly engine: TlsEngine,
  ) {
    Object.assign(this, result);
  }

  /** The peer's certificate, as Node's `getPeerCertificate()` has it; undefined if it has none. */
  get peerCertificate(): PeerCertificate | undefined {
    const [own] = this.certificates;
    if (own !== undefined) this.parsed ??= new X509Certificate(own).toLegacyObject();
    return this.parsed;
  }

  /** Of a client: what `session` of a later connection resumes. TLS 1.3 sends it after the handshake. */
  get session(): Buffer | undefined {
    return this.latest;
  }

  /** Emits each such session, the latest at once; never completes. They come while the input is read. */
  get sessions(): Observable<Buffer> {
    if (this.sessionSubject === undefined) {
      this.sessionSubject = new ReplaySubject<Buffer>(1);
      if (this.latest !== undefined) this.sessionSubject.next(this.latest);
    }
    return inSubscriberContext(this.sessionSubject);
  }

  /** @internal */
  addSession(session: Buffer): void {
    this.latest = session;
    this.sessionSubject?.next(session);
  }
}
