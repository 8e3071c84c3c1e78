import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import type { TlsHandshakeResult } from '../connection/ConnectionTls';
import type { TlsOptions } from '../connection/TlsConfig';
import { native } from '../native';

const { tlsFailure } = native.layout;

const WORDS: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  [tlsFailure.tlsHandshake]: ['ERR_TLS_HANDSHAKE', 'the handshake has failed'],
  [tlsFailure.tlsEnded]: ['ERR_TLS_HANDSHAKE', 'the peer has closed within the handshake'],
  [tlsFailure.tlsTimedOut]: ['ERR_TLS_HANDSHAKE_TIMEOUT', 'the handshake has taken too long'],
  [tlsFailure.tlsPlaintext]: ['ERR_TLS_PLAINTEXT', 'the peer has sent bytes before the handshake'],
  [tlsFailure.tlsContextGone]: ['ERR_TLS_CONTEXT', 'no context, or no memory for the session'],
  [tlsFailure.tlsRecord]: ['ERR_TLS_PROTOCOL', 'the peer has broken the protocol'],
  [tlsFailure.tlsTruncated]: ['ERR_TLS_TRUNCATED', 'the peer has ended without close_notify'],
  [tlsFailure.tlsFlood]: ['ERR_TLS_PROTOCOL', 'the peer asks for answers and reads none'],
};

/** What a reactor has to say of a handshake, or of a secured connection. */
export class TlsReport {
  private readonly list: readonly (string | Buffer)[];

  /** @param id - as in the completion; it can be taken once */
  constructor(id: number) {
    this.list = native.takeTlsReport(id);
  }

  all(name: 'certificate' | 'session' | 'keylog'): Buffer[] {
    const { list } = this;
    const found: Buffer[] = [];
    for (let index = 0; index < list.length; index += 2) {
      if (list[index] === name) found.push(list[index + 1] as Buffer);
    }
    return found;
  }

  text(name: string): string | undefined {
    const { list } = this;
    for (let index = 0; index < list.length; index += 2) {
      if (list[index] === name) return list[index + 1] as string;
    }
    return undefined;
  }

  /** Of a handshake that is done. */
  secured(options: TlsOptions): TlsHandshakeResult {
    const certificates = this.all('certificate');
    const asked = options.role === 'client' || options.requestCert;
    const missing = asked && certificates.length === 0 ? 'UNSPECIFIED' : undefined;
    const authorizationError = asked ? (missing ?? this.text('verifyCode')) : undefined;
    return {
      protocol: this.text('protocol') ?? '',
      cipher: {
        name: this.text('cipherName') ?? '',
        standardName: this.text('cipherStandardName') ?? '',
        version: this.text('cipherVersion') ?? '',
      },
      alpnProtocol: this.text('alpnProtocol'),
      servername: this.text('servername'),
      resumed: this.text('resumed') !== undefined,
      authorized: certificates.length > 0 && authorizationError === undefined && asked,
      authorizationError,
      certificates,
    };
  }

  /**
   * Of one that has failed.
   *
   * @param failure - one of `native.layout.tlsFailure`
   */
  error(failure: number, info: LibeventErrorInfo): LibeventError {
    const errno = this.text('errno');
    if (failure === tlsFailure.tlsSystem && errno !== undefined) {
      return LibeventError.of(Number(errno), 'handshake', info);
    }
    const verifyCode = this.text('verifyCode');
    if (verifyCode !== undefined) {
      const detail = this.text('verifyReason');
      return new LibeventError(verifyCode, 'handshake', { ...info, detail });
    }
    const [code, words] = WORDS[failure] ?? ['ERR_TLS_HANDSHAKE', 'the handshake has failed'];
    const after = failure === tlsFailure.tlsRecord || failure === tlsFailure.tlsTruncated;
    const reason = failure === tlsFailure.tlsTruncated ? undefined : this.text('reason');
    const detail = info.detail ?? (reason === undefined ? words : `${words}: ${reason}`);
    return new LibeventError(code, after ? 'read' : 'handshake', { ...info, detail });
  }
}
