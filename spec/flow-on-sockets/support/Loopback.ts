import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { filter, firstValueFrom, ReplaySubject, type Subscription } from 'rxjs';
import { EventBase, type Connection, type ListenConfig } from 'rxjs-libevent';

/** More than the kernel takes for a peer that does not read, and less than `maxOutputBytes`. */
const STUFFING_BYTES = 12 << 20;

/** A connection of this library with a peer of `node:net`, both of this process. */
export interface Ends {
  readonly conn: Connection;
  readonly peer: Socket;
}

/** A base and a listener of its own, for connections over the loopback interface. */
export class Loopback {
  readonly base = new EventBase();
  private readonly accepted = new ReplaySubject<Connection>();
  private readonly peers: Socket[] = [];
  private port = 0;
  private listening: Subscription | undefined;

  static async open(config: ListenConfig = {}): Promise<Loopback> {
    const loopback = new Loopback();
    const listener = loopback.base.listen({ host: '127.0.0.1', ...config });
    const bound = firstValueFrom(listener.bound);
    loopback.listening = listener.subscribe(loopback.accepted);
    loopback.port = (await bound).port;
    return loopback;
  }

  /** The peer reads nothing until it is asked to. */
  async pair(): Promise<Ends> {
    const peer = connect({ host: '127.0.0.1', port: this.port, allowHalfOpen: true });
    this.peers.push(peer);
    peer.on('error', () => {});
    await once(peer, 'connect');
    const isOfPeer = (conn: Connection) => conn.remoteAddress.port === peer.localPort;
    return { conn: await firstValueFrom(this.accepted.pipe(filter(isOfPeer))), peer };
  }

  /** A pair whose connection stays saturated for as long as the peer does not read. */
  async saturated(): Promise<Ends> {
    const ends = await this.pair();
    ends.conn.next(Buffer.alloc(STUFFING_BYTES));
    return ends;
  }

  async close(): Promise<void> {
    this.listening?.unsubscribe();
    for (const peer of this.peers) peer.destroy();
    await this.base.close();
  }
}

/** Reads what {@link Loopback.saturated} has written, so that the connection drains. */
export async function readStuffing(peer: Socket): Promise<void> {
  let missing = STUFFING_BYTES;
  await new Promise<void>((resolve) => {
    const onData = (data: Buffer): void => {
      const rest = data.subarray(missing);
      missing -= data.length - rest.length;
      if (missing > 0) return;
      peer.off('data', onData).pause();
      if (rest.length > 0) peer.unshift(rest);
      resolve();
    };
    peer.on('data', onData).resume();
  });
}
