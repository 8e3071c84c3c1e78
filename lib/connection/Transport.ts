import type { ObservableInput } from 'rxjs';
import type { CheckedChunk } from '../common/Chunk';
import type { LibeventError } from '../common/LibeventError';
import type { ConnectionTls } from './ConnectionTls';
import type { IdleWatch, Idling } from './IdleWatch';
import type { OpenFile } from './OpenFile';
import type { TokenBucket } from './RateLimit';
import type { TimeoutDirection } from './Timeouts';
import type { TlsOptions } from './TlsConfig';

/** How a transport ends. */
export type CloseMode =
  /** Now; output that is pending is lost. */
  | 'drop'
  /** Now, with RST. */
  | 'reset'
  /** Flush, FIN, then wait for the peer's end and throw away what it still sends. */
  | 'linger';

/**
 * What carries a connection's bytes: the rings of a reactor, or virtual time in a test. It decides
 * nothing; {@link Connection} and its flow do.
 */
export interface Transport {
  /** Bytes of output that have been sent, in all. */
  readonly sent: number;
  /** What it is secured by, if it is. */
  readonly tls?: ConnectionTls | undefined;
  /** Called before anything else; and again when something else takes its place. */
  attach(handler: TransportHandler): void;
  /** Demand. Off at the start. */
  read(on: boolean): void;
  /** Returns `bytes` of credit. */
  credit(bytes: number): void;
  /** The credit in all, in bytes. */
  readHigh(bytes: number): void;
  /** Submits output. Returns its length in bytes. */
  write(chunk: CheckedChunk, encoding: BufferEncoding): number;
  /** Sends what it can of what has been submitted within the call, where that is possible. */
  sendNow?(): void;
  /** Asks for one {@link TransportHandler.onSent} when this many bytes in all have been sent. */
  notify(position: number): void;
  /**
   * Asks for one {@link TransportHandler.onDrained} when no more than this many bytes wait: the EV_WRITE
   * low mark.
   */
  drain(lowBytes: number): void;
  /** FIN when the output has been sent; {@link TransportHandler.onFinished} follows. */
  shutdown(): void;
  /** Ends; {@link TransportHandler.onClosed} follows. */
  close(mode: CloseMode, deadlineMs: number): void;
  /** Milliseconds without progress, 0 for never. */
  timeouts(readMs: number, writeMs: number): void;
  /** Opens a file to be sent, where that is not a system's. */
  readonly openFile?: ((path: string) => ObservableInput<OpenFile>) | undefined;
  /** Watches for a time of this many ms in which nothing moves, until it is stopped. */
  idle(timeoutMs: number, idling: Idling): IdleWatch;
}

/** An option of a socket, and what its value is: seconds, 0 for none; 1 or 0. */
export type SocketOption = 'keepAlive' | 'noDelay';

/** How a handshake begins and ends. */
export interface SecureOutcome {
  /**
   * Takes what had been received when the transport was secured and is ciphertext, to be given back.
   * Absent where there can be none.
   *
   * @param underWay - what has come since and belongs behind it
   * @returns undefined if it is refused
   */
  takeInput?(underWay: Buffer): Buffer | undefined;
  onSecured(tls: ConnectionTls): void;
  onFailed(error: LibeventError): void;
}

/** What a transport has carried, and may carry, when it is secured. */
export interface PlainState {
  /** Bytes that have been received, in all. */
  readonly receivedBytes: number;
  /** Bytes that have been written, in all. */
  readonly writtenBytes: number;
  /** As {@link Transport.readHigh}. */
  readonly readHigh: number;
}

/** What only a transport of libevent can do, beside carrying bytes. */
export interface SocketTransport extends Transport {
  /** The descriptor, -1 where there is none. */
  readonly fd: number;
  /** Whether it is an end of a pair: libevent counts no bytes and sets no priority there. */
  readonly paired: boolean;
  /** Identifies the reactor. */
  readonly reactor: object;
  /** Levels that the base knows. */
  readonly priorities: number;
  /** Bytes for each tick; undefined lifts the limit. */
  rateLimit(limit: TokenBucket | undefined): void;
  /** A group's id on this reactor; 0 leaves it. */
  rateLimitGroup(id: number): void;
  priority(level: number): void;
  /** Whether it keeps the process alive. */
  reference(on: boolean): void;
  trigger(direction: 'read' | 'write'): void;
  /** See {@link TransportHandler.onOptionFailed}. */
  option(option: SocketOption, value: number): void;
  /** Part of an open file, as output. */
  sendFile(fd: number, offset: number, bytes: number): void;
  /** Whether a handshake has begun. */
  readonly securing: boolean;
  /**
   * Encrypts what is written from here on, and takes what is received behind `plain.receivedBytes` for
   * encrypted.
   *
   * @returns what carries the plaintext from here on: this, or a transport over it
   * @throws LibeventError, TypeError as `tls.createSecureContext` does
   */
  secure(options: TlsOptions, plain: PlainState, outcome: SecureOutcome): SocketTransport;
}

/** What a transport reports. Never from inside a call of {@link Transport}. */
export interface TransportHandler {
  onData(chunk: Buffer): void;
  /** The input has ended, after its last byte: FIN, or an error. */
  onEnd(error: LibeventError | undefined): void;
  onSent(): void;
  onDrained(): void;
  onFinished(): void;
  /** Output can no longer be sent; input may still come. */
  onWriteFailed(error: LibeventError): void;
  /** The peer has gone while bytes of it wait unread. */
  onHangup(error: LibeventError | undefined): void;
  onTimeout(direction: TimeoutDirection): void;
  /** An option has not been set; everything else goes on. */
  onOptionFailed(error: LibeventError): void;
  /** The last call. */
  onClosed(error: LibeventError | undefined): void;
}
