import type { SecureContext } from 'node:tls';
import { copyOf } from '../common/bytes';
import type { CheckedChunk } from '../common/Chunk';
import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import type { ConnectionTls, TlsHandshakeResult } from './ConnectionTls';
import type { NodeTlsContext } from './NodeTlsContext';
import { type NodeTlsEvents, NodeTlsSession } from './NodeTlsSession';
import { Deadline } from './Deadline';
import { securedBy } from './securedBy';
import { ServerNames, type ServerNamesOwner } from './ServerNames';
import type { TimeoutDirection } from './Timeouts';
import type { TlsOptions } from './TlsConfig';
import { TlsInput, type TlsInputOwner } from './TlsInput';
import { TlsOutput, type TlsOutputOwner } from './TlsOutput';
import { TlsWire } from './TlsWire';
import { TransportOver } from './TransportOver';
import type {
  CloseMode,
  PlainState,
  SecureOutcome,
  SocketTransport,
  TransportHandler,
} from './Transport';

/** Ciphertext that may be on its way from the reactor. */
const WIRE_BYTES = 65536;
/** How long close_notify may take, where nothing else waits. */
const NOTIFY_DEADLINE_MS = 1000;

/**
 * A socket that is secured by `node:tls`, on JavaScript's thread: the engine where no reactor can do it.
 * It is the handler of the plain transport below, and a transport itself, of plaintext.
 *
 * `node:tls` decrypts what it is given at once, so nothing waits inside of it: ciphertext is read while
 * plaintext is wanted, and what is decrypted all the same waits in {@link TlsInput}.
 */
export class NodeTlsTransport
  extends TransportOver
  implements
    SocketTransport,
    TransportHandler,
    NodeTlsEvents,
    TlsInputOwner,
    TlsOutputOwner,
    ServerNamesOwner
{
  readonly securing = true;
  tls: ConnectionTls | undefined;
  private handler: TransportHandler | undefined;
  private readonly wire: TlsWire;
  private readonly input: TlsInput;
  private readonly output: TlsOutput;
  private session: NodeTlsSession | undefined;
  /** Of a server with a context for each name. */
  private readonly names: ServerNames | undefined;
  /** Refused: the handshake is done, and this end does not take the peer. */
  private state: 'handshaking' | 'secured' | 'refused' | 'failed' | 'closed' = 'handshaking';
  private closing: { readonly mode: 'drop' | 'linger'; readonly deadlineMs: number } | undefined;
  private reading = false;
  private readonly deadline = new Deadline();

  /**
   * @param plain - what has been carried before
   * @param where - for errors
   */
  constructor(
    lower: SocketTransport,
    private readonly options: TlsOptions,
    context: NodeTlsContext,
    private readonly plain: PlainState,
    private readonly outcome: SecureOutcome,
    private readonly where: LibeventErrorInfo = {},
  ) {
    super(lower);
    this.input = new TlsInput(plain.readHigh, this);
    const output = new TlsOutput(plain.writtenBytes, this);
    this.output = output;
    this.wire = new TlsWire(lower, plain.writtenBytes, () => {
      output.notified();
    });
    lower.attach(this);
    lower.readHigh(WIRE_BYTES);
    this.deadline.start(options.handshakeTimeoutMs, () => {
      const detail = 'the handshake has taken too long';
      this.failHandshake(this.error('ERR_TLS_HANDSHAKE_TIMEOUT', 'handshake', detail));
    });
    const { sni } = options.role === 'server' ? options : {};
    if (sni === undefined) this.open(context.secureContext);
    else this.names = new ServerNames(sni, context, this);
    queueMicrotask(() => {
      const held = outcome.takeInput?.(Buffer.alloc(0));
      if (held !== undefined && held.length > 0) this.receive(held);
    });
    if (lower.sent < plain.writtenBytes) lower.notify(plain.writtenBytes);
    this.onDemand();
  }

  // A transport of plaintext.

  get sent(): number {
    return this.output.sent;
  }

  attach(handler: TransportHandler): void {
    this.handler = handler;
  }

  read(on: boolean): void {
    this.input.read(on);
  }

  credit(bytes: number): void {
    this.input.credit(bytes);
  }

  readHigh(bytes: number): void {
    this.input.highBytes = bytes;
  }

  write(chunk: CheckedChunk, encoding: BufferEncoding): number {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : copyOf(chunk);
    if (bytes.length > 0) this.output.add(bytes);
    return bytes.length;
  }

  notify(position: number): void {
    this.output.notify(position);
  }

  drain(lowBytes: number): void {
    this.output.drain(lowBytes);
  }

  shutdown(): void {
    this.output.finish();
  }

  close(mode: CloseMode, deadlineMs: number): void {
    if (this.state === 'closed') return;
    this.deadline.stop();
    this.input.stop();
    if (mode !== 'reset' && this.endsFirst(mode)) {
      this.closing = { mode, deadlineMs };
      this.startDeadline(this.closing);
      this.output.finish();
    } else {
      if (mode !== 'linger') this.closing = { mode: 'drop', deadlineMs };
      this.lower.close(mode === 'drop' && !this.output.allSent ? 'reset' : mode, deadlineMs);
    }
    this.onDemand();
  }

  // What the transport of ciphertext reports.

  onData(chunk: Buffer): void {
    const bytes = copyOf(chunk);
    this.lower.credit(bytes.length);
    this.receive(bytes);
  }

  onEnd(error: LibeventError | undefined): void {
    if (this.closing !== undefined) {
      if (error !== undefined) this.lower.close('drop', 0);
      return;
    }
    // A close_notify or an alert may have been in front of it.
    this.wire.whenThrough(() => {
      if (this.state === 'handshaking') {
        const detail = error === undefined ? 'the peer has closed within the handshake' : undefined;
        this.failHandshake(this.error(error?.code ?? 'ERR_TLS_HANDSHAKE', 'handshake', detail));
        return;
      }
      const detail = 'the peer has ended without close_notify';
      this.input.end(error ?? this.error('ERR_TLS_TRUNCATED', 'read', detail));
      this.input.hangUp(error);
    });
  }

  onSent(): void {
    this.wire.look();
    this.output.look();
  }

  onDrained(): void {
    // The marks are those of plaintext.
  }

  onFinished(): void {
    // The FIN says nothing that close_notify has not said.
  }

  onWriteFailed(error: LibeventError): void {
    if (this.state === 'handshaking') this.failHandshake(this.error(error.code, 'handshake'));
    else this.output.fail(error);
  }

  onHangup(error: LibeventError | undefined): void {
    this.input.hangUp(error);
  }

  onTimeout(direction: TimeoutDirection): void {
    this.handler?.onTimeout(direction);
  }

  onOptionFailed(error: LibeventError): void {
    this.handler?.onOptionFailed(error);
  }

  onClosed(error: LibeventError | undefined): void {
    this.state = 'closed';
    this.deadline.stop();
    this.output.stop();
    this.input.stop();
    this.session?.destroy();
    this.handler?.onClosed(error);
  }

  // What the session reports.

  onResult(result: TlsHandshakeResult): void {
    if (this.state !== 'handshaking') return;
    const name = result.servername ?? '';
    const isOther = this.names !== undefined && this.names.asked !== name;
    const secured = isOther
      ? this.error('ERR_TLS_HANDSHAKE', 'handshake', `nobody has been asked for the name '${name}'`)
      : securedBy('node', this.options, result, this.where);
    if (secured instanceof LibeventError) {
      this.failHandshake(secured, 'refused');
      return;
    }
    this.deadline.stop();
    this.state = 'secured';
    this.tls = secured;
    this.outcome.onSecured(secured);
    this.output.open();
    this.onDemand();
  }

  onError(error: LibeventError): void {
    if (this.state === 'handshaking') {
      this.failHandshake(error);
      return;
    }
    if (this.state === 'closed') return;
    this.state = 'failed';
    this.output.stop();
    if (this.closing === undefined) this.input.end(error);
    else this.lower.close('drop', 0);
  }

  onPlaintext(chunk: Buffer): void {
    this.input.add(chunk);
  }

  onNotified(): void {
    this.input.end(undefined);
    this.input.hangUp(undefined);
  }

  onSession(session: Buffer): void {
    this.tls?.addSession(session);
  }

  // What the two directions ask for.

  onInput(chunk: Buffer): void {
    this.handler?.onData(chunk);
  }

  onInputEnd(error: LibeventError | undefined): void {
    this.handler?.onEnd(error);
  }

  onInputHangup(error: LibeventError | undefined): void {
    this.handler?.onHangup(error);
  }

  /** Reads ciphertext while plaintext is wanted, and to go on with what needs no reader. */
  onDemand(): void {
    const { state, closing, input } = this;
    const asks = this.session === undefined && this.names?.asked !== undefined;
    const handshakes = state === 'handshaking' && !asks;
    const discards = closing?.mode === 'linger';
    const wanted = handshakes || (state !== 'failed' && (discards || input.demands));
    if (wanted === this.reading) return;
    this.reading = wanted;
    this.lower.read(wanted);
  }

  get plainSent(): number {
    return Math.min(this.lower.sent, this.plain.writtenBytes);
  }

  sendPiece(piece: Buffer, sent: () => void): void {
    this.session?.write(piece, sent);
  }

  onPosition(): void {
    this.handler?.onSent();
  }

  onLowMark(): void {
    this.handler?.onDrained();
  }

  sendNotify(): void {
    this.session?.end();
  }

  onOutputEnded(): void {
    const { closing } = this;
    if (closing !== undefined) {
      this.lower.close(closing.mode, closing.deadlineMs);
      return;
    }
    this.lower.shutdown();
    this.handler?.onFinished();
  }

  onOutputFailed(error: LibeventError): void {
    if (this.closing?.mode !== 'drop') this.handler?.onWriteFailed(error);
    if (this.closing !== undefined) this.lower.close('drop', 0);
  }

  private receive(bytes: Buffer): void {
    if (this.names === undefined || this.session !== undefined) this.wire.push(bytes);
    else this.names.add(bytes);
  }

  onContext(secureContext: SecureContext, hello: Buffer): void {
    if (this.state !== 'handshaking') return;
    this.open(secureContext);
    this.wire.push(hello);
    this.onDemand();
  }

  private open(secureContext: SecureContext): void {
    this.session = new NodeTlsSession(this.wire, this.options, secureContext, this, this.where);
  }

  /** Of a name: with an alert, as OpenSSL has not begun. */
  onNameRefused(detail: string, alert: Buffer): void {
    if (this.state !== 'handshaking') return;
    this.lower.write(alert, 'latin1');
    this.failHandshake(this.error('ERR_TLS_HANDSHAKE', 'handshake', detail));
  }

  private failHandshake(error: LibeventError, state: 'refused' | 'failed' = 'failed'): void {
    if (this.state !== 'handshaking') return;
    this.state = state;
    this.deadline.stop();
    if (state === 'refused') {
      this.output.refuse();
    } else {
      this.output.stop();
      this.session?.destroy();
    }
    this.onDemand();
    this.outcome.onFailed(error);
  }

  private error(code: string, syscall: string, detail?: string): LibeventError {
    return new LibeventError(code, syscall, { ...this.where, detail });
  }

  /** Whether close_notify, and what is in front of it, is sent before the wire closes. */
  private endsFirst(mode: 'drop' | 'linger'): boolean {
    const { state, output } = this;
    if (state === 'failed' || output.ended) return false;
    if (mode === 'linger') return state !== 'handshaking' || !output.allSent;
    return state !== 'handshaking' && output.allSent && !output.failed && !this.input.cut;
  }

  /** Flushing goes on for as long as it gets on. */
  private startDeadline(closing: NonNullable<NodeTlsTransport['closing']>): void {
    if (closing.mode === 'drop') {
      this.deadline.start(NOTIFY_DEADLINE_MS, () => {
        this.lower.close('drop', 0);
      });
      return;
    }
    const sent = (): number => this.lower.sent;
    this.deadline.startForProgress(closing.deadlineMs, sent, () => {
      this.lower.close('reset', 0);
    });
  }
}
