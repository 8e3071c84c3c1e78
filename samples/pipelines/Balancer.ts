import {
  catchError,
  EMPTY,
  endWith,
  exhaustMap,
  finalize,
  ignoreElements,
  merge,
  type Observable,
  of,
  tap,
  throwError,
} from 'rxjs';
import { type Connection, type EventBase, relay, sendTo, type Session } from 'rxjs-libevent';

export interface Target {
  readonly host: string;
  readonly port: number;
}

interface Server {
  readonly target: Target;
  up: boolean;
  connections: number;
}

const CONNECT_WITHIN_MS = 1000;

/** Sends each connection to the server that has the fewest, of those that are up. */
export class Balancer {
  private readonly servers: readonly Server[];

  constructor(
    private readonly base: EventBase,
    targets: readonly Target[],
    private readonly say: (what: string) => void,
  ) {
    this.servers = targets.map((target) => ({ target, up: false, connections: 0 }));
  }

  /** Connects to each server once in a while, and sends it `header`; who takes that is up. */
  check(periodMs: number, header: string): Observable<never> {
    const greeted = header === '' ? EMPTY : of(header);
    const check = (server: Server): Observable<boolean> =>
      this.connect(server, (conn) => greeted.pipe(sendTo(conn), endWith(true))).pipe(
        catchError(() => of(false)),
      );
    return merge(
      ...this.servers.map((server) =>
        this.base.timer(0, periodMs).pipe(
          exhaustMap(() => check(server)),
          tap((up) => this.mark(server, up)),
        ),
      ),
    ).pipe(ignoreElements());
  }

  /**
   * Relays a client; while no server takes it, to the next one.
   *
   * @param header - what the server is sent in front
   */
  balance(client: Connection, header: string): Observable<never> {
    const [server] = this.servers
      .filter(({ up }) => up)
      .sort((one, other) => one.connections - other.connections);
    if (server === undefined) return throwError(() => new Error('no server is up'));
    let connected = false;
    server.connections += 1;
    return this.connect(server, (conn) => {
      connected = true;
      if (header !== '') conn.next(header);
      return relay(client, conn);
    }).pipe(
      finalize(() => (server.connections -= 1)),
      catchError((error: unknown) => {
        if (connected) return throwError(() => error);
        this.mark(server, false);
        return this.balance(client, header);
      }),
    );
  }

  private connect<T>({ target }: Server, session: Session<T>): Observable<T> {
    return this.base.connect({ ...target, connectTimeoutMs: CONNECT_WITHIN_MS }, session);
  }

  private mark(server: Server, up: boolean): void {
    if (server.up === up) return;
    server.up = up;
    this.say(`${server.target.host}:${String(server.target.port)} is ${up ? 'up' : 'down'}`);
  }
}
