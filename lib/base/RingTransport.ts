import { constants } from 'node:os';
import type { ConnectionAddresses } from '../common/AddressInfo';
import { LibeventError, type LibeventErrorInfo } from '../common/LibeventError';
import { Connection } from '../connection/Connection';
import type { ConnectionOptions } from '../connection/ConnectionConfig';
import type { ConnectionTls } from '../connection/ConnectionTls';
import { NodeTlsTransport } from '../connection/NodeTlsTransport';
import { IdleTimeouts } from '../connection/IdleTimeouts';
import type { IdleWatch, Idling } from '../connection/IdleWatch';
import type { TokenBucket } from '../connection/RateLimit';
import type { CheckedChunk } from '../common/Chunk';
import type { TlsOptions } from '../connection/TlsConfig';
import type {
  CloseMode,
  PlainState,
  SecureOutcome,
  SocketOption,
  SocketTransport,
  TransportHandler,
} from '../connection/Transport';
import { native } from '../native';
import type { PackedAddress } from '../rings/PackedAddress';
import type { CompletionHandler } from './CompletionHandler';
import { failedCallName } from './failedCallName';
import { systemCall } from './systemCall';
import { encodeRequest } from '../rings/encodeRequest';
import { rateLimitRequest } from './rateLimitRequest';
import type { Reactor } from './Reactor';
import { RingTimers } from './RingTimers';
import { RingTls } from './RingTls';
import { TlsContext } from './TlsContext';

const { completion, submission, closeMode, eventFlag, sendFileRequest, socketOption } =
  native.layout;
const OPTIONS: Readonly<Record<SocketOption, number>> = {
  keepAlive: socketOption.keepAliveOption,
  noDelay: socketOption.noDelayOption,
};
/** What ends a socket whose session has failed. */
const { EPROTO } = constants.errno;
/** The call that a `writeFailed` completion names. */
const SEND_FILE = native.layout.failedCall.sendfile;

/** How long a peer may take to read why its handshake is refused. */
export const ALERT_DEADLINE_MS = 1000;

/** How an attempt to connect ends. */
export interface ConnectOutcome {
  onConnected(local: PackedAddress): void;
  onFailed(errno: number, syscall: string): void;
}

/** A socket of a reactor, behind the rings. */
export class RingTransport implements SocketTransport, CompletionHandler {
  id = 0;
  /** An end of a pair. */
  paired = false;
  fd = -1;
  /** What it carries, once it is open. */
  connection: Connection | undefined;
  private handler: TransportHandler | undefined;
  private ringTls: RingTls | undefined;
  /** What secures it, where the reactor does not. */
  private over: NodeTlsTransport | undefined;
  private connecting: ConnectOutcome | undefined;
  private sentTotal = 0;
  private gone = false;
  /** The reactor has read the end: it reads no more, whatever is submitted. */
  private inputEnded = false;

  constructor(
    readonly reactor: Reactor,
    private readonly onGone: (transport: RingTransport) => void,
  ) {
    reactor.open(this);
  }

  /** Makes the connection, of a transport that is open or about to be. */
  carry(options: ConnectionOptions, addresses: ConnectionAddresses): Connection {
    this.connection = new Connection(this.over ?? this, options, addresses);
    return this.connection;
  }

  /** Takes over an accepted socket. */
  adopt(fd: number, credit: number): void {
    this.fd = fd;
    this.reactor.submitDescriptor(submission.adopt, this.id, fd, credit);
  }

  /** @param request - a `ConnectRequest` of native/requests.h */
  connect(request: Uint8Array, outcome: ConnectOutcome): void {
    this.connecting = outcome;
    this.reactor.submitBytes(submission.connect, this.id, request);
  }

  /** Joins another transport of the same reactor. */
  pair(other: RingTransport, credit: number): void {
    this.paired = true;
    other.paired = true;
    this.reactor.submit(submission.pair, this.id, other.id, credit);
  }

  reference(on: boolean): void {
    this.reactor.handlers.reference(this.id, on);
  }

  get priorities(): number {
    return this.reactor.priorities;
  }

  get sent(): number {
    // Once the handler is gone, its place in the table belongs to another one.
    if (this.gone) return this.sentTotal;
    // The reactor counts modulo 2^32; less than that can be under way.
    this.sentTotal += (this.reactor.sentOf(this.id) - this.sentTotal) >>> 0;
    return this.sentTotal;
  }

  attach(handler: TransportHandler): void {
    this.handler = handler;
  }

  read(on: boolean): void {
    if (!this.inputEnded) this.reactor.submit(submission.read, this.id, on ? 1 : 0);
  }

  credit(bytes: number): void {
    this.reactor.submit(submission.credit, this.id, bytes);
  }

  readHigh(bytes: number): void {
    this.reactor.submit(submission.readHigh, this.id, bytes);
  }

  write(chunk: CheckedChunk, encoding: BufferEncoding): number {
    if (typeof chunk === 'string') return this.reactor.submitText(this.id, chunk, encoding);
    return this.reactor.submitBytes(submission.write, this.id, chunk);
  }

  sendNow(): void {
    const { reactor, sent } = this;
    if (!reactor.turnsHere || reactor.sendBudget.isSpent) return;
    reactor.flush();
    reactor.sendBudget.spend(this.sent - sent);
    // The next bytes are copied to where the processor's cache has the last ones.
    reactor.submissions.memory.trim();
  }

  notify(position: number): void {
    this.reactor.submit(submission.notify, this.id, position | 0);
  }

  drain(lowBytes: number): void {
    this.reactor.submit(submission.drain, this.id, lowBytes);
  }

  shutdown(): void {
    this.reactor.submit(submission.shutdown, this.id);
  }

  close(mode: CloseMode, deadlineMs: number): void {
    this.connecting = undefined;
    // From here on the system may give the number to somebody else at any time.
    this.fd = -1;
    this.reactor.submit(submission.close, this.id, closeMode[mode], deadlineMs);
  }

  timeouts(readMs: number, writeMs: number): void {
    this.reactor.submit(submission.timeouts, this.id, readMs, writeMs);
  }

  idle(timeoutMs: number, idling: Idling): IdleWatch {
    const { reactor } = this;
    reactor.idleTimeouts ??= new IdleTimeouts(new RingTimers(reactor));
    return reactor.idleTimeouts.watch(timeoutMs, idling);
  }

  rateLimit(limit: TokenBucket | undefined): void {
    this.reactor.submitBytes(submission.rateLimit, this.id, rateLimitRequest(limit));
  }

  rateLimitGroup(id: number): void {
    this.reactor.submit(submission.rateLimitGroup, this.id, id);
  }

  priority(level: number): void {
    this.reactor.submit(submission.priority, this.id, level);
  }

  trigger(direction: 'read' | 'write'): void {
    this.reactor.submit(submission.trigger, this.id, eventFlag[direction]);
  }

  option(option: SocketOption, value: number): void {
    this.reactor.submit(submission.option, this.id, value, 0, OPTIONS[option]);
  }

  sendFile(fd: number, offset: number, bytes: number): void {
    // The reactor closes its duplicate when it has sent the slice, or cannot.
    const own = systemCall(() => native.duplicateDescriptor(fd));
    const request = encodeRequest(sendFileRequest, {
      fd: own,
      bytes,
      offsetLow: offset | 0,
      offsetHigh: Math.floor(offset / 2 ** 32),
    });
    if (this.reactor.submitBytes(submission.sendFile, this.id, request) === 0) {
      native.discardDescriptor(own);
    }
  }

  get tls(): ConnectionTls | undefined {
    return this.ringTls?.secured;
  }

  get securing(): boolean {
    return this.ringTls !== undefined;
  }

  secure(
    options: TlsOptions,
    plain: PlainState,
    outcome: SecureOutcome,
    context = TlsContext.for(options),
    where?: LibeventErrorInfo,
  ): SocketTransport {
    if (context instanceof TlsContext) {
      this.ringTls = new RingTls(this.reactor, this, options, context, outcome, where);
      this.ringTls.start(plain.receivedBytes);
      return this;
    }
    this.over = new NodeTlsTransport(this, options, context, plain, outcome, where);
    return this.over;
  }

  data(chunk: Buffer): void {
    if (this.ringTls?.collect(chunk) === true) return;
    this.handler?.onData(chunk);
  }

  complete(kind: number, a: number, b: number, addresses: readonly PackedAddress[]): void {
    if (this.ringTls?.complete(kind, a, b) === true) return;
    const { handler } = this;
    if (handler === undefined) {
      this.settle(kind, a, b, addresses);
      return;
    }
    switch (kind) {
      case completion.end:
        this.inputEnded = true;
        handler.onEnd(a === 0 ? undefined : this.errorOf(a, 'read'));
        break;
      case completion.sent:
        handler.onSent();
        break;
      case completion.drained:
        handler.onDrained();
        break;
      case completion.finished:
        handler.onFinished();
        break;
      case completion.writeFailed:
        handler.onWriteFailed(this.errorOf(a, b === SEND_FILE ? 'sendfile' : 'write'));
        break;
      case completion.hangup:
        handler.onHangup(a === 0 ? undefined : this.errorOf(a, 'read'));
        break;
      case completion.timeout:
        handler.onTimeout(a === eventFlag.read ? 'read' : 'write');
        break;
      case completion.optionFailed:
        handler.onOptionFailed(LibeventError.of(a, 'setsockopt'));
        break;
      case completion.failed:
        handler.onEnd(LibeventError.of(a, failedCallName(b)));
        break;
      case completion.closed:
        this.fd = -1;
        handler.onClosed(undefined);
        break;
      default:
        break;
    }
  }

  private errorOf(errno: number, syscall: string): LibeventError {
    const own = errno === EPROTO ? this.ringTls?.error : undefined;
    return own ?? LibeventError.of(errno, syscall);
  }

  abandon(error: LibeventError | undefined): void {
    this.connecting = undefined;
    this.handler?.onClosed(error);
  }

  private settle(kind: number, a: number, b: number, addresses: readonly PackedAddress[]): void {
    const outcome = this.connecting;
    if (outcome === undefined) return;
    this.connecting = undefined;
    if (kind === completion.connected) {
      this.fd = a;
      outcome.onConnected(addresses[0] as PackedAddress);
    } else if (kind === completion.failed) outcome.onFailed(a, failedCallName(b));
  }

  onRemoved(): void {
    this.sentTotal = this.sent;
    this.gone = true;
    this.onGone(this);
  }
}
