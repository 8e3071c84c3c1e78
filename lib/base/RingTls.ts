import { copyOf } from '../common/bytes';
import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import type { ConnectionTls } from '../connection/ConnectionTls';
import { securedBy } from '../connection/securedBy';
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
  const common =
    (options.rejectUnauthorized ? tlsFlag.tlsRejectUnauthorized : 0) |
    (options.keylog === undefined ? 0 : tlsFlag.tlsKeylog);
  if (options.role === 'client') return common;
  return (
    common |
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
  /** Ciphertext that was taken for plaintext, until it is given back. */
  private collected: Buffer[] | undefined;
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
    if (outcome.takeInput !== undefined) this.collected = [];
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
        flags: flagsOf(options) | (this.collected === undefined ? 0 : tlsFlag.tlsGiveBack),
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

  /** @returns whether the bytes are ciphertext that the reactor had not taken for it */
  collect(chunk: Buffer): boolean {
    if (this.collected === undefined) return false;
    this.collected.push(copyOf(chunk));
    return true;
  }

  /** @returns whether it was a completion of TLS */
  complete(kind: number, a: number, b: number): boolean {
    switch (kind) {
      case completion.tlsSecured:
        this.onSecured(new TlsReport(a));
        return true;
      case completion.tlsBegun:
        this.giveBack();
        return true;
      case completion.tlsName:
        this.onName(new TlsReport(a).text('servername') ?? '');
        return true;
      case completion.tlsNews: {
        const report = new TlsReport(a);
        for (const session of report.all('session')) this.secured?.addSession(session);
        for (const line of report.all('keylog')) this.options.keylog?.next(line);
        return true;
      }
      case completion.tlsFailed: {
        const detail = this.secured === undefined ? this.refusal : undefined;
        this.fail(new TlsReport(a).error(b, { ...this.where, detail }));
        return true;
      }
      default:
        return false;
    }
  }

  private giveBack(): void {
    const underWay = Buffer.concat(this.collected ?? []);
    this.collected = undefined;
    const bytes = this.outcome.takeInput?.(underWay);
    if (bytes === undefined) return;
    this.reactor.submit(submission.credit, this.socket.id, bytes.length);
    this.reactor.submitBytes(submission.tlsInput, this.socket.id, bytes);
  }

  private onSecured(report: TlsReport): void {
    this.contexts = [];
    const secured = securedBy('reactor', this.options, report.secured(this.options), this.where);
    if (secured instanceof LibeventError) {
      this.fail(secured);
      return;
    }
    this.secured = secured;
    this.outcome.onSecured(secured);
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
        const context = TlsContext.of(config, this.options.keylog !== undefined);
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
