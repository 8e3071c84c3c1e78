import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { firstValueFrom } from 'rxjs';
import { type Connection, type ConnectionConfig, EventBase } from 'rxjs-libevent';
import { type Harness, MAX_OUTPUT_BYTES, type Pair } from './Harness';

/** Real sockets: a reactor at this end, `node:net` at the other. */
export class SocketHarness implements Harness {
  readonly name = 'real sockets';
  readonly moreThanSystem = 24 << 20;
  private base = new EventBase();
  private readonly sockets: Socket[] = [];
  private fence: { near: Connection; far: Socket } | undefined;

  async run(body: () => Promise<void>): Promise<void> {
    this.base = new EventBase();
    this.fence = undefined;
    try {
      await body();
    } finally {
      for (const socket of this.sockets.splice(0)) socket.destroy();
      await this.base.close();
    }
  }

  async open(config: ConnectionConfig = {}): Promise<Pair> {
    const { near, far } = await this.connected(config);
    const seen: string[] = [];
    const chunks: Buffer[] = [];
    far.on('data', (chunk) => chunks.push(chunk));
    far.on('end', () => seen.push('fin'));
    far.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') seen.push('rst');
    });
    const remote = {
      send: (bytes: string | Uint8Array) => {
        far.write(bytes);
      },
      end: () => {
        far.end();
      },
      reset: () => {
        // What was written goes first.
        far.write('', () => far.resetAndDestroy());
      },
      read: (on: boolean) => {
        if (on) far.resume();
        else far.pause();
      },
      get received() {
        return Buffer.concat(chunks);
      },
      seen,
    };
    return { conn: near, remote };
  }

  /** Round trips over a second connection of the same reactor: what came before has been told. */
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

  private async connected(config: ConnectionConfig): Promise<{ near: Connection; far: Socket }> {
    const listener = this.base.listen({
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...config,
      host: '127.0.0.1',
    });
    const accepted = firstValueFrom(listener);
    const { port } = await firstValueFrom(listener.bound);
    const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    this.sockets.push(far);
    far.on('error', () => undefined);
    const [near] = await Promise.all([accepted, once(far, 'connect')]);
    return { near, far };
  }
}
