import { Observable, type Subscriber, Subscription, tap } from 'rxjs';
import type { Connection } from 'rxjs-libevent';

/** Connections to one server, at most `size`. Each is lent to one piece of work at a time. */
export class Pool {
  private readonly idle = new Set<Connection>();
  private readonly waiting = new Set<() => void>();
  private atWork = 0;
  private closed = false;

  /** @param connect - `base.connect(config)`, subscribed once for each connection */
  constructor(
    private readonly connect: Observable<Connection>,
    private readonly size: number,
  ) {}

  /**
   * Runs work on a connection that it has for itself; waits for its turn while all are lent. One
   * whose work fails, or is unsubscribed, is in nobody knows what state: it is reset.
   */
  use<T>(work: (conn: Connection) => Observable<T>): Observable<T> {
    return new Observable((subscriber) => {
      const begin = (): void => {
        this.atWork += 1;
        const [conn] = this.idle;
        if (conn === undefined) this.open(work, subscriber);
        else this.run(conn, work, subscriber);
      };
      if (this.atWork < this.size) {
        begin();
      } else {
        this.waiting.add(begin);
        subscriber.add(() => this.waiting.delete(begin));
      }
    });
  }

  /** Ends the connections: those that are idle now, the others when their work is done. */
  close(): void {
    this.closed = true;
    for (const conn of this.idle) conn.close();
  }

  private open<T>(work: (conn: Connection) => Observable<T>, subscriber: Subscriber<T>): void {
    const attempt = new Subscription(() => this.endTurn());
    const connecting = this.connect.subscribe({
      next: (conn) => {
        conn.whenClosed.subscribe(() => this.idle.delete(conn));
        // From now on it outlives the work that has needed it first.
        attempt.remove(connecting);
        subscriber.remove(attempt);
        this.run(conn, work, subscriber);
      },
      error: (error: unknown) => subscriber.error(error),
    });
    attempt.add(connecting);
    subscriber.add(attempt);
  }

  private run<T>(
    conn: Connection,
    work: (conn: Connection) => Observable<T>,
    subscriber: Subscriber<T>,
  ): void {
    let done = false;
    this.idle.delete(conn);
    work(conn)
      .pipe(tap({ complete: () => (done = true) }))
      .subscribe(subscriber);
    subscriber.add(() => {
      if (!done) conn.reset();
      else if (this.closed) conn.close();
      else if (conn.writable) this.idle.add(conn);
      this.endTurn();
    });
  }

  private endTurn(): void {
    this.atWork -= 1;
    const [begin] = this.waiting;
    if (begin === undefined) return;
    this.waiting.delete(begin);
    begin();
  }
}
