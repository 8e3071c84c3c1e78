import { Duplex } from 'node:stream';
import type { AddressInfo } from '../common/AddressInfo';
import { checkInteger } from '../common/check';
import type { Connection } from '../connection/Connection';
import { MAX_KEEP_ALIVE_SECONDS } from '../connection/keepAlive';
import type { SocketOption, SocketTransport } from '../connection/Transport';
import { Intake } from '../flow/Intake';
import type { Release } from '../flow/Source';
import { StreamIdleTimer } from './StreamIdleTimer';
import { type StreamChunk, StreamOutput, type WrittenCallback } from './StreamOutput';

/** What {@link ConnectionDuplex} is made with, complete. */
export interface DuplexOptions {
  readonly allowHalfOpen: boolean;
  readonly readableHighWaterMark: number;
  readonly writableHighWaterMark: number;
}

/** In seconds: what the system has where nobody says anything. */
const DEFAULT_KEEP_ALIVE_SECONDS = 7200;

/**
 * A connection as a stream, with what `http`, `http2`, `tls` and other users of a `net.Socket` touch.
 * Comes from `toDuplex`.
 *
 * @see Node's `net.Socket`
 */
export class ConnectionDuplex extends Duplex {
  /** As in `net.Socket`, for who looks: a connection is connected. */
  readonly connecting = false;
  readonly pending = false;
  private readonly output: StreamOutput;
  private readonly idle: StreamIdleTimer;
  private intake: Intake<Buffer> | undefined;
  private release: Release | undefined;
  /** What the stream is destroyed with as soon as the bytes before it have been read. */
  private failure: { readonly error: Error | undefined } | undefined;
  private whenDestroyed: 'drop' | 'reset' | 'linger' = 'drop';
  private whenClosed: (() => void) | undefined;

  /** @internal Comes from `toDuplex`. */
  constructor(
    /** What it reads and writes. */
    readonly connection: Connection,
    options: DuplexOptions,
  ) {
    super({ ...options, decodeStrings: false });
    this.output = new StreamOutput(connection);
    this.idle = new StreamIdleTimer(connection.core, () => {
      this.emit('timeout');
    });
    connection.core.listen(this);
  }

  get remoteAddress(): string | undefined {
    return ipOf(this.connection.remoteAddress)?.address;
  }

  get remoteFamily(): string | undefined {
    return ipOf(this.connection.remoteAddress)?.family;
  }

  get remotePort(): number | undefined {
    return ipOf(this.connection.remoteAddress)?.port;
  }

  get localAddress(): string | undefined {
    return ipOf(this.connection.localAddress)?.address;
  }

  get localFamily(): string | undefined {
    return ipOf(this.connection.localAddress)?.family;
  }

  get localPort(): number | undefined {
    return ipOf(this.connection.localAddress)?.port;
  }

  /** The local end; empty for a unix socket, as in `net`. */
  address(): { address?: string; family?: string; port?: number } {
    const { address, family, port } = this.connection.localAddress;
    return family === 'unix' ? {} : { address, family, port };
  }

  /** Bytes that have been received. */
  get bytesRead(): number {
    return this.connection.bytesRead;
  }

  /** Bytes that have been written to the stream; text that waits in it counts by its length. */
  get bytesWritten(): number {
    return this.connection.bytesWritten + this.waitingBytes;
  }

  /** Bytes that have not been sent. */
  get bufferSize(): number {
    return this.connection.outputBytes + this.waitingBytes;
  }

  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** The idle time of {@link setTimeout} in ms; 0 for none. */
  get timeout(): number {
    return this.idle.timeoutMs;
  }

  /**
   * Emits `'timeout'` after this many ms without progress, and does nothing else. What the system takes of
   * what waits is progress (T9).
   *
   * @param timeoutMs - 0 for never. Bounds: 0 to 2147483647
   * @param callback - once for `'timeout'`; with 0 it is removed
   */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.idle.set(timeoutMs);
    if (callback !== undefined) {
      if (timeoutMs === 0) this.off('timeout', callback);
      else this.once('timeout', callback);
    }
    return this;
  }

  /** Sends small packets at once. Where there is no such option, as for a unix socket, does nothing. */
  setNoDelay(on = true): this {
    return this.setOption('noDelay', on ? 1 : 0);
  }

  /**
   * Has the system probe a silent peer.
   *
   * @param initialDelayMs - of silence before the first probe, in whole seconds. Default: 0, two hours
   */
  setKeepAlive(on = false, initialDelayMs = 0): this {
    checkInteger('initialDelayMs', initialDelayMs, 0, MAX_KEEP_ALIVE_SECONDS * 1000, 'ms');
    const seconds = Math.floor(initialDelayMs / 1000) || DEFAULT_KEEP_ALIVE_SECONDS;
    return this.setOption('keepAlive', on ? seconds : 0);
  }

  /** Keeps the process alive while it is open; that is how it begins. */
  ref(): this {
    this.connection.ref();
    return this;
  }

  unref(): this {
    this.connection.unref();
    return this;
  }

  /** Ends the stream, then closes the connection gracefully: an answer is not cut off by what the peer still sends. */
  destroySoon(): void {
    this.whenDestroyed = 'linger';
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Sends RST and drops everything. */
  resetAndDestroy(): this {
    this.whenDestroyed = 'reset';
    return this.destroy();
  }

  /** @internal Bytes that have come before an error are read before it. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.failIfRead();
    return chunk;
  }

  /** @internal */
  override _read(): void {
    const { release } = this;
    this.release = undefined;
    release?.();
    if (this.intake !== undefined) return;
    this.intake = new Intake<Buffer>({
      next: (chunk) => {
        this.idle.refresh();
        if (!this.push(chunk)) this.release ??= this.connection.hold('toDuplex');
      },
      error: (error) => {
        this.fail(error as Error);
      },
      complete: () => {
        if (this.connection.core.input.whole) this.push(null);
        else this.destroy(this.connection.failure as Error | undefined);
      },
    });
    this.connection.core.input.subscribe(this.intake);
  }

  /** @internal */
  override _write(chunk: unknown, encoding: BufferEncoding, done: WrittenCallback): void {
    this.idle.refresh();
    this.output.write([{ chunk, encoding }], done);
  }

  /** @internal */
  override _writev(list: StreamChunk[], done: WrittenCallback): void {
    this.idle.refresh();
    this.output.write(list, done);
  }

  /** @internal */
  override _final(done: WrittenCallback): void {
    this.output.finish(done);
  }

  /** @internal */
  override _destroy(error: Error | null, done: WrittenCallback): void {
    const { connection, writableFinished, writableLength } = this;
    this.idle.set(0);
    this.intake?.unsubscribe();
    this.release?.();
    this.output.stop();
    this.whenClosed = () => {
      done(error);
    };
    const failure = error === connection.failure ? undefined : (error ?? undefined);
    if (connection.closed) this.whenClosed();
    else if (this.whenDestroyed === 'reset' || writableLength > 0) {
      connection.core.abort('reset', failure);
    } else if (failure !== undefined) connection.core.abort('drop', failure);
    else if (this.whenDestroyed === 'linger' || writableFinished) connection.close();
    else connection.destroy();
  }

  /** @internal The connection is gone. */
  onClosed(): void {
    const { core } = this.connection;
    if (this.whenClosed !== undefined) this.whenClosed();
    else if (core.isCut) {
      // What has come and was never asked for is still there, and the error behind it.
      if (this.intake !== undefined || core.input.ended)
        this.fail(core.failure as Error | undefined);
    } else if (!this.writableEnded) this.end();
  }

  /** What the stream has and the connection has not. */
  private get waitingBytes(): number {
    return Math.max(0, this.writableLength - this.output.takenBytes);
  }

  private fail(error: Error | undefined): void {
    this.failure ??= { error };
    this.failIfRead();
  }

  private failIfRead(): void {
    if (this.failure === undefined || this.readableLength > 0) return;
    this.destroy(this.failure.error);
  }

  private setOption(option: SocketOption, value: number): this {
    const transport = this.connection.core.transport as Partial<SocketTransport>;
    if (!transport.paired && !this.connection.closed) transport.option?.(option, value);
    return this;
  }
}

/** As in `net`, a unix socket has none. */
function ipOf(address: AddressInfo): AddressInfo | undefined {
  return address.family === 'unix' ? undefined : address;
}
