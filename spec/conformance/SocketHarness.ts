import { once } from 'node:events';
import { type Server as NetServer, type Socket, connect, createServer } from 'node:net';
import { type Observable, firstValueFrom } from 'rxjs';
import {
  type ConnectConfig,
  type Connection,
  type ConnectionConfig,
  EventBase,
  type ListenConfig,
  type Session,
} from 'rxjs-libevent';
import { HeldPort } from '../samples/support/HeldPort';
import { Gathered } from '../support/Gathered';
import {
  type Harness,
  MAX_OUTPUT_BYTES,
  type Pair,
  type RemoteEnd,
  type Server,
  type Target,
} from './Harness';

/** More than it takes: the peers are gone. */
const CLOSE_MS = 1000;

/** Cases of the system's own, whatever is read and written then: a SYN that it drops comes again after a second. */
export const OF_THE_SYSTEM = ['F10: lets peers beyond the backlog wait, and refuses none'];

/** Real sockets: a reactor at this end, `node:net` at the other. */
export class SocketHarness implements Harness {
  /** @param options - of every connection, where a case does not say otherwise */
  constructor(
    readonly name: string,
    private readonly options: ConnectionConfig = {},
    readonly unseen: readonly string[] = [],
  ) {}

  readonly moreThanSystem = 24 << 20;
  protected base = new EventBase();
  protected readonly sockets: Socket[] = [];
  private readonly endings: (() => Promise<void>)[] = [];
  private fence: { near: Connection; far: Socket } | undefined;

  async run(body: () => Promise<void>): Promise<void> {
    this.base = new EventBase();
    this.fence = undefined;
    try {
      await body();
    } finally {
      // Readers complete before their peers are gone, so that none has an error behind its test.
      const closed = this.base.close(CLOSE_MS);
      for (const socket of this.sockets.splice(0)) socket.destroy();
      for (const end of this.endings.splice(0)) await end();
      await closed;
    }
  }

  async open(config: ConnectionConfig = {}): Promise<Pair> {
    const { near, far } = await this.connected(config);
    return { conn: near, remote: this.remoteOf(far) };
  }

  server(config: ListenConfig = {}): Server {
    const listener = this.base.listen({ ...this.listening, ...config, host: '127.0.0.1' });
    // A later dial finds the port that was bound first; nobody dials one that never was.
    const bound = firstValueFrom(listener.bound);
    bound.catch(() => undefined);
    return {
      listener,
      dial: async () => this.remoteOf(await this.dial((await bound).port)),
      closeBase: () => this.base.close(),
    };
  }

  async target(): Promise<Target> {
    const held = await HeldPort.take();
    this.endings.push(() => held.release());
    const remotes: RemoteEnd[] = [];
    let server: NetServer | undefined;
    const listens = async (on: boolean): Promise<void> => {
      if (!on) {
        server?.close();
        return;
      }
      server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
        this.sockets.push(socket);
        this.accept(socket, (far) => remotes.push(this.remoteOf(far)));
      });
      server.listen(held.port, '127.0.0.1');
      await once(server, 'listening');
    };
    await listens(true);
    this.endings.push(() => listens(false));
    const connect = <T>(config = {}, session?: Session<T>): Observable<T & Connection> => {
      const target = { ...this.connecting, ...config, host: '127.0.0.1', port: held.port };
      return this.base.connect(target, session as Session<T & Connection>);
    };
    return { connect, listens, remotes };
  }

  /** Round trips over a second connection of the same reactor: what came before has been reported. */
  async settled(): Promise<void> {
    this.fence ??= await this.connected({});
    const { near, far } = this.fence;
    for (let trip = 0; trip < 4; trip += 1) {
      const there = firstValueFrom(near);
      far.write('x');
      await there;
      const back = once(far, 'data');
      near.next('y');
      await back;
      await new Promise(setImmediate);
    }
  }

  async until(_what: string, condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(setImmediate);
  }

  /** Options of a listener. */
  protected get listening(): ListenConfig {
    return this.options;
  }

  /** Options of a client. */
  protected get connecting(): Partial<ConnectConfig> {
    return this.options;
  }

  /** The other end of a connection that was made from here. */
  protected accept(socket: Socket, take: (far: Socket) => void): void {
    take(socket);
  }

  /** The other end of a connection that was accepted here. */
  protected meet(socket: Socket): Socket {
    return socket;
  }

  protected remoteOf(socket: Socket): RemoteEnd {
    return remoteEnd(socket);
  }

  private async connected(config: ConnectionConfig): Promise<{ near: Connection; far: Socket }> {
    const listener = this.base.listen({
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...this.listening,
      ...config,
      host: '127.0.0.1',
    });
    const accepted = firstValueFrom(listener);
    const { port } = await firstValueFrom(listener.bound);
    const [near, far] = await Promise.all([accepted, this.dial(port)]);
    return { near, far };
  }

  private async dial(port: number): Promise<Socket> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    await once(socket, 'connect').catch((error: unknown) => {
      const { code = '' } = error as NodeJS.ErrnoException;
      // It was connected, and Node hears of both at once: this is a reset (EPIPE: behind a FIN).
      if (!['EPIPE', 'ECONNRESET'].includes(code)) throw error;
    });
    return this.meet(socket);
  }
}

/** @param raw - what carries it, if it is secured */
export function remoteEnd(socket: Socket, raw = socket): RemoteEnd {
  const seen = socket.errored ? ['rst'] : [];
  const received = new Gathered();
  let wanted = Infinity;
  socket.on('data', (chunk) => {
    received.add(chunk);
    wanted -= chunk.length;
    if (wanted <= 0) socket.pause();
  });
  const saw = (end: string): void => {
    if (!seen.includes(end)) seen.push(end);
  };
  socket.on('end', () => {
    // Node reports an RST behind bytes as an end; who writes, and be it nothing, gets the error.
    if (socket.writable && raw.writable) raw.write('', (error) => saw(error ? 'rst' : 'fin'));
    else saw('fin');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') saw('rst');
  });
  return {
    send: (bytes) => {
      socket.write(bytes);
    },
    end: () => {
      socket.end();
    },
    close: () => {
      socket.destroy();
    },
    reset: () => {
      // What was written goes first.
      socket.write('', () => socket.resetAndDestroy());
    },
    read: (on) => {
      wanted = Infinity;
      if (on) socket.resume();
      else socket.pause();
    },
    take: (bytes) => {
      wanted = bytes;
      socket.resume();
    },
    get received() {
      return received.bytes;
    },
    seen,
  };
}
