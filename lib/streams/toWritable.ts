import { Writable } from 'node:stream';
import { checkedOptions, type OptionTable, option } from '../common/options';
import type { Connection } from '../connection/Connection';
import { checkConnection } from './checkConnection';
import { highWaterMark } from './highWaterMark';
import { type StreamChunk, StreamOutput, type WrittenCallback } from './StreamOutput';

/** Options of {@link toWritable}. */
export interface ToWritableConfig {
  /**
   * Ends the connection's output with the stream: FIN behind its last byte, RST when the stream is
   * destroyed before. Otherwise the connection stays open for others. Default: true.
   */
  readonly end?: boolean;
  /** Bytes from which `write()` returns false, beside the connection's own mark. Default: 65536. */
  readonly highWaterMark?: number;
}

const OPTIONS = {
  end: option.flag(true),
  highWaterMark,
} satisfies OptionTable<ToWritableConfig>;

/**
 * The output of a connection as a Node stream; its input stays an Observable.
 *
 * "Pipe it there; the rest is RxJS."
 *
 * ```
 * write, end       --x--y--|
 * peer receives    --x--y--|
 * ```
 *
 * A write waits while the connection is saturated. While the stream is neither finished nor destroyed,
 * the connection's output stays open for it when the peer has ended, so answers still come out (T4);
 * `idleTimeoutMs` bounds that.
 *
 * - **Next**: a write is done when the connection has taken it and is not saturated.
 * - **Complete**: `'finish'` when everything has been sent, with FIN unless `end` is false.
 * - **Error**: what the connection fails with; `ERR_NOT_WRITABLE` for a write when somebody else has ended
 *   the output. When a connection is closed that has lost nothing, the stream closes without its end.
 * - **Unsubscribe**: `destroy()` before the end sends RST, as the peer has not got the whole. With
 *   `end: false` the connection stays open, and what has been written is sent.
 *
 * @throws TypeError for what is no connection
 *
 * @example
 * ```ts
 * await pipeline(createReadStream(path), createGzip(), toWritable(conn));
 * ```
 * @see `sendTo` for an Observable
 */
export function toWritable(connection: Connection, config: ToWritableConfig = {}): Writable {
  checkConnection(connection);
  const { end, highWaterMark } = checkedOptions('config', config, OPTIONS);
  return new ConnectionWritable(connection, end ? 'end' : 'leave', highWaterMark);
}

class ConnectionWritable extends Writable {
  private readonly output: StreamOutput;

  constructor(
    private readonly connection: Connection,
    private readonly atEnd: 'end' | 'leave',
    highWaterMark: number,
  ) {
    super({ highWaterMark, decodeStrings: false });
    this.output = new StreamOutput(connection);
    connection.core.listen(this);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, done: WrittenCallback): void {
    this.output.write([{ chunk, encoding }], done);
  }

  override _writev(list: StreamChunk[], done: WrittenCallback): void {
    this.output.write(list, done);
  }

  override _final(done: WrittenCallback): void {
    if (this.atEnd === 'end') this.output.finish(done);
    else this.output.flush(done);
  }

  override _destroy(error: Error | null, done: WrittenCallback): void {
    const { connection } = this;
    connection.core.forget(this);
    this.output.stop();
    if (this.atEnd === 'end' && !this.writableFinished) {
      connection.error(error ?? undefined);
    }
    done(error);
  }

  /** The connection is gone. */
  onClosed(): void {
    const { core } = this.connection;
    if (this.writableFinished) return;
    this.destroy(core.output.failure ?? (core.failure as Error | undefined));
  }
}
