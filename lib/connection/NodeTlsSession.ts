import { type SecureContext, TLSSocket, connect } from 'node:tls';
import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import type { TlsHandshakeResult } from './ConnectionTls';
import { sessionCertificate } from './sessionCertificate';
import { type TlsOptions, serverNameOf } from './TlsConfig';
import type { TlsWire } from './TlsWire';

/** What {@link NodeTlsSession} reports. */
export interface NodeTlsEvents {
  /** The handshake is done. */
  onResult(result: TlsHandshakeResult): void;
  /** It has failed, or what came behind it has. Nothing follows. */
  onError(error: LibeventError): void;
  onPlaintext(chunk: Buffer): void;
  /** The peer has sent close_notify. */
  onNotified(): void;
  /** Of a client: a session to resume. */
  onSession(session: Buffer): void;
}

/** What Node's own server looks at, and says to nobody else. */
interface Verifying {
  readonly _handle?: { verifyError?(): NodeJS.ErrnoException | null } | null;
}

function openSocket(wire: TlsWire, options: TlsOptions, secureContext: SecureContext): TLSSocket {
  const { ALPNProtocols, rejectUnauthorized } = options;
  const common = {
    secureContext,
    rejectUnauthorized,
    ...(ALPNProtocols.length > 0 ? { ALPNProtocols: [...ALPNProtocols] } : {}),
  };
  if (options.role === 'server') {
    return new TLSSocket(wire, { ...common, isServer: true, requestCert: options.requestCert });
  }
  const servername = serverNameOf(options);
  return connect({
    ...common,
    socket: wire,
    // The name is compared when the handshake is done, as by the other engine.
    checkServerIdentity: () => undefined,
    ...(servername === '' ? {} : { servername }),
    ...(options.session === undefined ? {} : { session: Buffer.from(options.session) }),
  });
}

/**
 * One `tls.TLSSocket`, between the bytes of the user and those of its wire.
 *
 * Node reports some things in the middle of a call of OpenSSL. Who hears of them may write or end, and
 * that would go in front of what the call itself has yet to send: a close_notify in front of the tickets,
 * which a peer answers with RST. So they are reported behind the call, and the rest behind them.
 */
export class NodeTlsSession {
  private readonly socket: TLSSocket;
  /** Notified: the peer has sent close_notify. */
  private state: 'handshaking' | 'secured' | 'notified' | 'ended' = 'handshaking';
  private reports = 0;

  /** @param where - for errors */
  constructor(
    wire: TlsWire,
    private readonly options: TlsOptions,
    secureContext: SecureContext,
    private readonly events: NodeTlsEvents,
    private readonly where: LibeventErrorInfo,
  ) {
    const socket = openSocket(wire, options, secureContext);
    this.socket = socket;
    socket.on(options.role === 'server' ? 'secure' : 'secureConnect', () => {
      this.onSecure();
    });
    socket.on('data', (chunk: Buffer) => {
      this.reportInOrder(() => {
        events.onPlaintext(chunk);
      });
    });
    socket.on('end', () => {
      if (this.state !== 'secured') return;
      this.state = 'notified';
      this.reportInOrder(() => {
        events.onNotified();
      });
    });
    socket.on('session', (session: Buffer) => {
      this.reportLater(() => {
        events.onSession(session);
      });
    });
    const { keylog } = options;
    if (keylog !== undefined) {
      socket.on('keylog', (line: Buffer) => {
        this.reportLater(() => {
          keylog.next(line);
        });
      });
    }
    const fail = (error: NodeJS.ErrnoException): void => {
      this.fail(error);
    };
    // Node says in this way alone that a session of a server has failed that was secured.
    socket.on('_tlsError', fail);
    socket.on('error', fail);
    socket.on('close', () => {
      // By itself, where both ends have ended.
      if (this.state !== 'notified') this.fail(new Error('the session has been closed'));
    });
  }

  /** @param sent - called when all of its ciphertext has been sent; never if that cannot be */
  write(bytes: Buffer, sent: () => void): void {
    this.socket.write(bytes, (error) => {
      if (!error) sent();
    });
  }

  /** Sends close_notify. */
  end(): void {
    this.socket.end();
  }

  /** Reports nothing any more. */
  destroy(): void {
    this.state = 'ended';
    this.socket.destroy();
  }

  private onSecure(): void {
    if (this.state !== 'handshaking') return;
    this.state = 'secured';
    const result = this.result();
    this.reportLater(() => {
      this.events.onResult(result);
    });
  }

  private fail(reason: NodeJS.ErrnoException): void {
    if (this.state === 'ended') return;
    const error = this.errorOf(reason);
    this.state = 'ended';
    this.reportInOrder(() => {
      this.events.onError(error);
    });
  }

  private reportLater(report: () => void): void {
    this.reports += 1;
    queueMicrotask(() => {
      this.reports -= 1;
      report();
    });
  }

  private reportInOrder(report: () => void): void {
    if (this.reports > 0) this.reportLater(report);
    else report();
  }

  private result(): TlsHandshakeResult {
    const { socket, options } = this;
    const certificates: Buffer[] = [];
    let next = socket.getPeerX509Certificate();
    for (; next !== undefined; next = next.issuerCertificate) certificates.push(next.raw);
    // Where a client resumes a session, Node gives it no certificate.
    const known =
      certificates.length === 0 && socket.isSessionReused() ? this.resumed() : undefined;
    if (known !== undefined) certificates.push(known);
    const asked = options.role === 'client' || options.requestCert;
    const missing = certificates.length === 0 ? 'UNSPECIFIED' : undefined;
    const authorizationError = asked ? (missing ?? this.verifyCode()) : undefined;
    const alpn = socket.alpnProtocol;
    const { name, standardName, version } = socket.getCipher();
    const servername: unknown =
      options.role === 'client'
        ? serverNameOf(options)
        : (socket as { readonly servername?: unknown }).servername;
    return {
      protocol: socket.getProtocol() ?? '',
      cipher: { name, standardName, version },
      alpnProtocol: typeof alpn === 'string' ? alpn : undefined,
      servername: typeof servername === 'string' && servername !== '' ? servername : undefined,
      resumed: socket.isSessionReused(),
      authorized: asked && authorizationError === undefined,
      authorizationError,
      certificates,
    };
  }

  /** The certificate of the session that is resumed. */
  private resumed(): Buffer | undefined {
    const { options } = this;
    const session = options.role === 'client' ? options.session : undefined;
    return session && sessionCertificate(session);
  }

  /** Why the peer's certificate has not been verified; undefined where it has been. */
  private verifyCode(): string | undefined {
    const { socket, options } = this;
    const { _handle: handle } = socket as Verifying;
    if (options.role === 'server' && typeof handle?.verifyError === 'function') {
      return handle.verifyError()?.code;
    }
    if (socket.authorized) return undefined;
    const error: unknown = socket.authorizationError;
    return typeof error === 'string' ? error : 'UNSPECIFIED';
  }

  /** What `node:tls` has failed with, by the codes of this library. */
  private errorOf(error: NodeJS.ErrnoException & { readonly reason?: string }): LibeventError {
    const { code = '', message, reason = message } = error;
    if (this.state !== 'handshaking') {
      const detail = `the peer has broken the protocol: ${reason}`;
      return new LibeventError('ERR_TLS_PROTOCOL', 'read', { ...this.where, detail });
    }
    // Those of certificates alone have no prefix.
    if (/^(?!ERR_)[A-Z_]+$/.test(code)) {
      return new LibeventError(code, 'handshake', { ...this.where, detail: message });
    }
    const detail = `the handshake has failed: ${reason}`;
    return new LibeventError('ERR_TLS_HANDSHAKE', 'handshake', { ...this.where, detail });
  }
}
