import { ReadableStream, WritableStream } from 'node:stream/web';
import { lengthOf } from '../common/bytes';
import type { Chunk } from '../common/Chunk';
import { checkChunk } from '../common/checkChunk';
import { checkedOptions, type OptionTable } from '../common/options';
import type { Connection } from '../connection/Connection';
import { checkConnection } from './checkConnection';
import { highWaterMark } from './highWaterMark';
import { WebInput } from './WebInput';
import { WebOutput } from './WebOutput';

/** Both directions of a connection, as {@link toWebStreams} gives them. */
export interface WebStreams {
  /** A byte stream: it has BYOB readers, too. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Chunk>;
}

/** Options of {@link toWebStreams}. */
export interface WebStreamsConfig {
  /** Bytes that the stream reads ahead, beside the connection's own. Default: 65536. */
  readonly readableHighWaterMark?: number;
  /** Bytes from which `writer.ready` waits, beside the connection's own mark. Default: 65536. */
  readonly writableHighWaterMark?: number;
}

const OPTIONS = {
  readableHighWaterMark: highWaterMark,
  writableHighWaterMark: highWaterMark,
} satisfies OptionTable<WebStreamsConfig>;

/**
 * A connection as a pair of Web streams.
 *
 * "For code that speaks WHATWG."
 *
 * ```
 * peer sends       --a--b--|
 * readable         --a--b--|
 * writable         ----x---|
 * peer receives    ----x---|
 * ```
 *
 * Both have the back-pressure of streams: a readable that is full holds the connection, a write is
 * fulfilled when the connection has taken it and is not saturated. A BYOB reader has its bytes copied
 * from where they were received. The streams are the connection's: who uses them leaves its own `next`
 * and `subscribe` alone.
 *
 * - **Subscribe**: reading begins at once, as far as `readableHighWaterMark` says.
 * - **Next**: `Uint8Array`s of the reader's own; text is written in the connection's encoding.
 * - **Complete**: the readable closes when the peer has sent FIN; `writer.close()` is fulfilled when
 *   everything has been sent, with FIN. The connection closes when both have ended.
 * - **Error**: what the connection fails with, for a reader behind the bytes that came before it;
 *   `ERR_NOT_WRITABLE` when somebody else has ended the output; a `TypeError` for a value that is neither
 *   bytes nor a string, which sends RST.
 * - **Unsubscribe**: `cancel()` stops reading, and the connection closes when the writable has ended;
 *   `abort()` sends RST, as the peer has not got the whole.
 *
 * The writable stays open when the peer has ended, until it is closed or aborted.
 *
 * @throws TypeError for what is no connection
 *
 * @example
 * ```ts
 * const { readable, writable } = toWebStreams(conn);
 * await readable.pipeThrough(new CompressionStream('gzip')).pipeTo(writable);
 * ```
 */
export function toWebStreams(connection: Connection, config: WebStreamsConfig = {}): WebStreams {
  checkConnection(connection);
  const options = checkedOptions('config', config, OPTIONS);
  const { encoding } = connection.core;
  const output = new WebOutput(connection);
  const input = new WebInput(connection, () => {
    output.closeWhenEnded();
  });
  return {
    readable: new ReadableStream(input, { highWaterMark: options.readableHighWaterMark }),
    writable: new WritableStream(output, {
      highWaterMark: options.writableHighWaterMark,
      // Also asked of values that are refused when they are written.
      size: (chunk) => {
        try {
          return lengthOf(checkChunk(chunk), encoding);
        } catch {
          return 1;
        }
      },
    }),
  };
}
