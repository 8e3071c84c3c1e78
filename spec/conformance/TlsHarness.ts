import { once } from 'node:events';
import type { Socket } from 'node:net';
import { TLSSocket, connect, createSecureContext } from 'node:tls';
import type { ConnectConfig, ListenConfig, TlsEngine } from 'rxjs-libevent';
import { selfSigned } from '../../samples/support/selfSigned';
import type { RemoteEnd } from './Harness';
import { OF_THE_SYSTEM, SocketHarness, remoteEnd } from './SocketHarness';

const identity = selfSigned();

/** Secured sockets: an engine of the library's at this end, `node:tls` at the other. */
export class TlsHarness extends SocketHarness {
  /** Under each secured socket. */
  private readonly raw = new WeakMap<Socket, Socket>();

  /** Behind the tickets, which an end that is closed for good answers with RST. */
  private readonly ticketed = new WeakMap<Socket, Promise<unknown>>();

  constructor(private readonly engine: TlsEngine) {
    // close_notify goes in front of the RST, in a turn of its own, and ends what Node reads.
    const unseen =
      engine === 'node' ? ['ends with RST when it is destroyed with bytes unread'] : [];
    super(`sockets secured by ${engine}`, {}, [...unseen, ...OF_THE_SYSTEM]);
  }

  protected override get listening(): ListenConfig {
    return { tls: { ...identity, engine: this.engine } };
  }

  protected override get connecting(): Partial<ConnectConfig> {
    return { tls: { ca: identity.cert, engine: this.engine } };
  }

  protected override accept(socket: Socket, take: (far: Socket) => void): void {
    const secureContext = createSecureContext(identity);
    const far = new TLSSocket(socket, { isServer: true, secureContext });
    this.keep(far, socket);
    // Who is reset as soon as the client is secured has failed before it was secured itself.
    const known = once(far, 'secure').catch(() => undefined);
    void known.then(() => {
      take(far);
    });
  }

  protected override meet(socket: Socket): Socket {
    const far = connect({ socket, ca: identity.cert, servername: 'localhost' });
    // Not within the call of OpenSSL that reports them.
    const ticketed = once(far, 'session').then(() => new Promise(setImmediate));
    this.ticketed.set(
      far,
      ticketed.catch(() => undefined),
    );
    return this.keep(far, socket);
  }

  protected override remoteOf(far: Socket): RemoteEnd {
    const raw = this.raw.get(far) ?? far;
    const remote = remoteEnd(far, raw);
    return Object.defineProperties({} as RemoteEnd, {
      ...Object.getOwnPropertyDescriptors(remote),
      // In front of what it has written itself, Node sends a FIN and no close_notify.
      end: { value: () => far.write('', () => far.end()) },
      close: {
        value: async () => {
          await this.ticketed.get(far);
          far.write('', () => far.end(() => raw.destroy()));
        },
      },
      // What was written goes first.
      reset: { value: () => far.write('', () => raw.resetAndDestroy()) },
    });
  }

  private keep(far: Socket, raw: Socket): Socket {
    far.on('error', () => undefined);
    raw.on('error', () => undefined);
    this.sockets.push(far);
    this.raw.set(far, raw);
    return far;
  }
}
