import type { Socket } from 'node:net';
import { TLSSocket, connect, createSecureContext } from 'node:tls';
import type { ConnectConfig, ListenConfig, TlsEngine } from 'rxjs-libevent';
import { selfSigned } from '../../samples/support/selfSigned';
import type { RemoteEnd } from './Harness';
import { SocketHarness, remoteEnd } from './SocketHarness';

const identity = selfSigned();

/** Secured sockets: an engine of the library's at this end, `node:tls` at the other. */
export class TlsHarness extends SocketHarness {
  /** Under each secured socket. */
  private readonly raw = new WeakMap<Socket, Socket>();

  /** `node:tls` reports an RST behind tickets that it has not read as an end, and close_notify tells more. */
  readonly unseen = [
    'hears by its second write that the peer has closed for good',
    'T2: ends with its base: FIN, or RST with bytes unread or output unsent',
    'sends RST by reset(), and completes its subscribers',
    'sends RST by error(), and fails its subscribers',
    'ends with RST when it is destroyed with bytes unread',
    'resets its connection when the session fails or throws, and fails with its error',
    // Whoever ends at once has ended within the handshake.
    'F10: accepts nobody while it is held, and loses nobody',
    // What has been sent is known in a later turn than it arrives.
    'sends nothing for an empty chunk',
  ];

  constructor(private readonly engine: TlsEngine) {
    super(`sockets secured by ${engine}`);
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
    far.once('secure', () => {
      take(far);
    });
  }

  protected override meet(socket: Socket): Socket {
    return this.keep(connect({ socket, ca: identity.cert, servername: 'localhost' }), socket);
  }

  protected override remoteOf(far: Socket): RemoteEnd {
    const remote = remoteEnd(far);
    const raw = this.raw.get(far) ?? far;
    return Object.defineProperties({} as RemoteEnd, {
      ...Object.getOwnPropertyDescriptors(remote),
      close: { value: () => far.end(() => raw.destroy()) },
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
