import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import { ConnectionTls } from '../connection/ConnectionTls';
import { identityError } from '../connection/identityError';
import { type TlsNameContext, type TlsOptions, serverNameOf } from '../connection/TlsConfig';
import type { SecureOutcome } from '../connection/Transport';
import { native } from '../native';
import { encodeRequest } from '../rings/encodeRequest';
import type { Reactor } from './Reactor';
import { TlsContext } from './TlsContext';
import { TlsReport } from './TlsReport';

const { completion, submission, tlsFlag, tlsRequest } = native.layout;

const SAME = 0;
const REFUSED = -1;

function flagsOf(options: TlsOptions): number {
  const rejects = options.rejectUnauthorized ? tlsFlag.tlsRejectUnauthorized : 0;
  if (options.role === 'client') return rejects;
  return (
    rejects |
    tlsFlag.tlsServer |
    (options.requestCert ? tlsFlag.tlsRequestCertificate : 0) |
    (options.sni === undefined ? 0 : tlsFlag.tlsAskName)
  );
}

/** The protocols as they are on the wire: each with its length in front. */
function wireForm(protocols: readonly string[]): Buffer {
  return Buffer.concat(
    protocols.flatMap((name) => [Buffer.of(name.length), Buffer.from(name, 'latin1')]),
  );
}

/** The session of a socket: its handshake, and what comes of it. */
export class RingTls {
  /** Once the handshake is done. */
  secured: ConnectionTls | undefined;
  /** Why it has failed, in front of the completion that ends what fails. */
  error: LibeventError | undefined;
  /** Why a name has been refused. */
  private refusal: string | undefined;
  /** They are used until the handshake is done. */
  private contexts: TlsContext[];
  private readonly ask: ((name: string) => Promise<TlsNameContext>) | undefined;

  /** @param where - for errors */
  constructor(
    private readonly reactor: Reactor,
    private readonly socket: { readonly id: number },
    private readonly options: TlsOptions,
    context: TlsContext,
    private readonly outcome: SecureOutcome,
    private readonly where: LibeventErrorInfo = {},
  ) {
    this.contexts = [context];
    const sni = options.role === 'server' ? options.sni : undefined;
    if (sni !== undefined) {
      // Whatever it does: throw, answer, or promise.
      this.ask = async (name: string) => sni(name);
    }
  }

  /** @param receivedBytes - what JavaScript has received until now */
  start(receivedBytes: number): void {
    const { options } = this;
    const alpn = wireForm(options.ALPNProtocols);
    const client = options.role === 'client' ? options : undefined;
    const name = client === undefined ? '' : serverNameOf(client);
    const session = client?.session ?? Buffer.alloc(0);
    const request = encodeRequest(
      tlsRequest,
      {
        flags: flagsOf(options),
        context: (this.contexts[0] as TlsContext).id,
        timeoutMs: options.handshakeTimeoutMs,
        receivedBytes: receivedBytes | 0,
        servernameBytes: Buffer.byteLength(name),
        alpnBytes: alpn.length,
        sessionBytes: session.length,
      },
      name,
      alpn,
      session,
    );
    this.reactor.submitBytes(submission.tls, this.socket.id, request);
  }

  /** @returns whether it was a completion of TLS */
  complete(kind: number, a: number, b: number): boolean {
    switch (kind) {
      case completion.tlsSecured:
        this.onSecured(new TlsReport(a));
        return true;
      case completion.tlsName:
        this.onName(new TlsReport(a).text('servername') ?? '');
        return true;
      case completion.tlsTicket:
        for (const session of new TlsReport(a).all('session')) this.secured?.addSession(session);
        return true;
      case completion.tlsFailed: {
        const detail = this.secured === undefined ? this.refusal : undefined;
        this.fail(new TlsReport(a).error(b, { ...this.where, detail }));
        return true;
      }
      default:
        return false;
    }
  }

  private onSecured(report: TlsReport): void {
    const { options } = this;
    this.contexts = [];
    const result = report.secured(options);
    const error = options.role === 'client' ? identityError(options, result) : undefined;
    if (error !== undefined && options.rejectUnauthorized) {
      this.fail(
        new LibeventError(error.code, 'handshake', { ...this.where, detail: error.detail }),
      );
      return;
    }
    if (options.role === 'server' && options.requestCert && options.rejectUnauthorized) {
      // OpenSSL asks for none where a session of a server is resumed that had asked for none.
      if (!result.authorized) {
        const detail = 'the session that is resumed has no certificate';
        this.fail(new LibeventError('ERR_TLS_HANDSHAKE', 'handshake', { ...this.where, detail }));
        return;
      }
    }
    const authorizationError = error?.code ?? result.authorizationError;
    const authorized = result.authorized && error === undefined;
    this.secured = new ConnectionTls({ ...result, authorized, authorizationError });
    // One of TLS 1.2 stays as it is; a ticket of TLS 1.3 is followed by others.
    if (options.role === 'client' && result.resumed && options.session !== undefined) {
      this.secured.addSession(options.session);
    }
    this.outcome.onSecured(this.secured);
  }

  private fail(error: LibeventError): void {
    const handshakes = this.secured === undefined && this.error === undefined;
    this.contexts = [];
    this.error = error;
    if (handshakes) this.outcome.onFailed(error);
  }

  private onName(name: string): void {
    const { ask } = this;
    if (ask === undefined) return;
    ask(name)
      .then((config) => {
        if (config === undefined) return SAME;
        if (config === null) {
          this.refusal = `the name '${name}' is refused`;
          return REFUSED;
        }
        const context = TlsContext.of(config);
        this.contexts.push(context);
        return context.id;
      })
      .catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        this.refusal = `sni has failed for the name '${name}': ${words}`;
        return REFUSED;
      })
      .then((answer) => {
        this.reactor.submit(submission.tlsContext, this.socket.id, answer);
      })
      .catch(() => undefined);
  }
}
