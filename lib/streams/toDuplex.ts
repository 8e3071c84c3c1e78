import { checkedOptions, type OptionTable, option } from '../common/options';
import type { Connection } from '../connection/Connection';
import { checkConnection } from './checkConnection';
import { ConnectionDuplex } from './ConnectionDuplex';
import { highWaterMark } from './highWaterMark';

/** Options of {@link toDuplex}. */
export interface ToDuplexConfig {
  /**
   * Whether the writable side stays open when the peer has sent FIN and all of its bytes have been read;
   * otherwise it ends then, behind what has been written. `http` and `tls` servers expect true. Default:
   * what the connection was made with, false unless it says otherwise.
   */
  readonly allowHalfOpen?: boolean;
  /** Bytes that the stream may have read ahead, beside the connection's own. Default: 65536. */
  readonly readableHighWaterMark?: number;
  /** Bytes from which `write()` returns false, beside the connection's own mark. Default: 65536. */
  readonly writableHighWaterMark?: number;
}

const OPTIONS = {
  allowHalfOpen: option.optional(option.flag(false)),
  readableHighWaterMark: highWaterMark,
  writableHighWaterMark: highWaterMark,
} satisfies OptionTable<ToDuplexConfig>;

/**
 * A connection as a Node stream that passes for a `net.Socket`: for `http`, `http2`, `tls`, `ws`,
 * `fastify`, `undici`, and `stream.pipeline`.
 *
 * "Give it to anything that wants a socket."
 *
 * ```
 * peer sends       --a--b--|
 * 'data', 'end'    --a--b--|
 * write, end       ----x---|
 * peer receives    ----x---|
 * ```
 *
 * Both ways with the back-pressure of streams, and nothing lost: a reader that is full holds the
 * connection; a write waits while the connection is saturated, so beside what the stream buffers at
 * most `write.high` bytes and one piece wait. The stream is the connection's: who uses it leaves the
 * connection's own `next` and `subscribe` alone.
 *
 * - **Subscribe**: reading begins when the stream is first read.
 * - **Next**: `'data'` with Buffers of the reader's own. A write is done when the connection has taken
 *   it and is not saturated.
 * - **Complete**: `'end'` when the peer has sent FIN and all has been read; `'finish'` when everything
 *   has been sent, with FIN; `'close'` when the connection is gone.
 * - **Error**: what the connection fails with, behind the bytes that came before it. `ERR_NOT_WRITABLE`
 *   for a write when somebody else has ended the output.
 * - **Unsubscribe**: `destroy()` closes: with RST if anything has not been sent, FIN otherwise, as
 *   `net` does; `destroy(error)` with RST, as the peer has not got the whole. `destroySoon()` sends
 *   what waits, then FIN, and waits for the peer's end; `resetAndDestroy()` sends RST.
 *
 * @param connection - one whose input nobody else reads
 * @throws TypeError for what is no connection
 *
 * @example
 * ```ts
 * const server = createServer((request, response) => response.end('Hello'));
 * listen({ port: 8080 }).subscribe((conn) =>
 *   server.emit('connection', toDuplex(conn, { allowHalfOpen: true })),
 * );
 * ```
 * @see Node's `net.Socket`, `stream.Duplex`
 */
export function toDuplex(connection: Connection, config: ToDuplexConfig = {}): ConnectionDuplex {
  checkConnection(connection);
  const options = checkedOptions('config', config, OPTIONS);
  const allowHalfOpen = options.allowHalfOpen ?? connection.core.allowsHalfOpen;
  return new ConnectionDuplex(connection, { ...options, allowHalfOpen });
}
