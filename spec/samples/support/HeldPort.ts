import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/**
 * A port at which nobody listens, or one of ours does: it belongs to a connection elsewhere, so the
 * system gives it to nobody who asks for any port.
 */
export class HeldPort {
  private constructor(
    readonly port: number,
    private readonly holder: Socket,
    private readonly elsewhere: Server,
  ) {}

  static async take(): Promise<HeldPort> {
    const elsewhere = createServer((socket) => socket.on('error', () => {})).listen(0, HOST);
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    // A local address has it bound, with SO_REUSEADDR: a listener with the same may share the port.
    const holder = connect({ host: HOST, port, localAddress: HOST });
    holder.on('error', () => {});
    await once(holder, 'connect');
    return new HeldPort(holder.localPort!, holder, elsewhere);
  }

  async release(): Promise<void> {
    this.holder.resetAndDestroy();
    this.elsewhere.close();
    await once(this.elsewhere, 'close');
  }
}
