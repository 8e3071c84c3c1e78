import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type TLSSocket, type TlsOptions, createServer } from 'node:tls';
import { firstValueFrom } from 'rxjs';
import {
  type Connection,
  type EventBase,
  type LibeventError,
  type ListenConfig,
  type SessionHandler,
  type TlsEngine,
  type TlsServerConfig,
  serve,
} from 'rxjs-libevent';

export const HOST = '127.0.0.1';

/** Everything holds for both. */
export const ENGINES: readonly TlsEngine[] = ['reactor', 'node'];

/** A secured listener of the library's, with what has gone wrong. */
export interface Served {
  readonly port: number;
  readonly connections: Connection[];
  readonly handshakeErrors: LibeventError[];
  readonly sessionErrors: unknown[];
  stop(): void;
}

export async function serveTls(
  base: EventBase,
  tls: TlsServerConfig | undefined,
  handler: SessionHandler,
  config: ListenConfig = {},
): Promise<Served> {
  const connections: Connection[] = [];
  const handshakeErrors: LibeventError[] = [];
  const sessionErrors: unknown[] = [];
  const listener = base.listen({ host: HOST, ...(tls === undefined ? {} : { tls }), ...config });
  listener.handshakeErrors.subscribe((error) => handshakeErrors.push(error));
  const serving = listener
    .pipe(
      serve(
        (connection) => {
          connections.push(connection);
          return handler(connection);
        },
        { onError: (error) => sessionErrors.push(error) },
      ),
    )
    .subscribe();
  const { port } = await firstValueFrom(listener.bound);
  const stop = (): void => {
    serving.unsubscribe();
  };
  return { port, connections, handshakeErrors, sessionErrors, stop };
}

/** A server of Node's. */
export interface NodeServer {
  readonly server: Server;
  readonly port: number;
}

export async function nodeServer(
  options: TlsOptions,
  handler: (socket: TLSSocket) => void,
): Promise<NodeServer> {
  const server = createServer(options, (socket) => {
    socket.on('error', () => {});
    handler(socket);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, HOST);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Whatever it is closed by. */
export function closed(socket: Socket): Promise<void> {
  socket.on('error', () => {});
  return new Promise((resolve) => {
    socket.once('close', () => {
      resolve();
    });
  });
}

/** Everything that a socket sends until its end, or the code of its error. */
export async function ended(socket: TLSSocket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  return new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(`${text}!${error.code ?? error.message}`);
    });
    socket.once('end', () => {
      resolve(text);
    });
  });
}
