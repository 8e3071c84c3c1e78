import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { firstValueFrom, Subject, take, type Subscription } from 'rxjs';
import { EventBase, type Connection, type EventBaseConfig, type ListenConfig } from 'rxjs-libevent';

/** A listener on a free port, with peers of `node:net` for its connections. */
export class Meeting {
  readonly accepted = new Subject<Connection>();
  readonly peers: Socket[] = [];
  port = 0;
  private listening: Subscription | undefined;

  private constructor(readonly base: EventBase) {}

  static async open(config: ListenConfig = {}, baseConfig?: EventBaseConfig): Promise<Meeting> {
    const meeting = new Meeting(new EventBase(baseConfig));
    const listener = meeting.base.listen({ host: '127.0.0.1', ...config });
    const bound = firstValueFrom(listener.bound);
    meeting.listening = listener.subscribe((connection) => {
      meeting.accepted.next(connection);
    });
    meeting.port = (await bound).port;
    return meeting;
  }

  /** A peer that is connecting. It stays half-open after a FIN, and its errors are nobody's. */
  peer(): Socket {
    const peer = connectSocket({ host: '127.0.0.1', port: this.port, allowHalfOpen: true });
    peer.on('error', () => {});
    this.peers.push(peer);
    return peer;
  }

  /** A connection and its peer. */
  async meet(): Promise<{ connection: Connection; peer: Socket }> {
    const accepted = firstValueFrom(this.accepted.pipe(take(1)));
    const peer = this.peer();
    const [connection] = await Promise.all([accepted, once(peer, 'connect')]);
    return { connection, peer };
  }

  async close(): Promise<void> {
    this.listening?.unsubscribe();
    for (const peer of this.peers) peer.destroy();
    await this.base.close();
  }
}
