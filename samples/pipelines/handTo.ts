import { Observable } from 'rxjs';
import type { Connection } from 'rxjs-libevent';
import { toDuplex, type ConnectionDuplex } from 'rxjs-libevent/streams';

/** What a server of Node's has: `http`, `http2`, `tls`, and fastify's. */
export interface ServerOfStreams {
  emit(event: 'connection', stream: ConnectionDuplex): boolean;
}

/** Gives a connection to a server that never listens itself; ends when the connection is gone. */
export function handTo(server: ServerOfStreams): (conn: Connection) => Observable<never> {
  return (conn) =>
    new Observable((subscriber) => {
      const duplex = toDuplex(conn, { allowHalfOpen: true });
      duplex.once('close', () => {
        subscriber.complete();
      });
      server.emit('connection', duplex);
    });
}
