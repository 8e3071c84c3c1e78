import { lookup } from 'node:dns';
import type { AddressInfo, ConnectionAddresses } from '../common/AddressInfo';
import { LibeventError } from '../common/LibeventError';
import { whereOf } from '../common/whereOf';
import type { Acceptor, AcceptorHandler } from '../connection/Acceptor';
import type { ListenOptions } from '../connection/ListenConfig';
import { acceptCredit } from '../connection/Listening';
import { ipVersion } from '../connection/ipVersion';
import { native } from '../native';
import type { PackedAddress } from '../rings/PackedAddress';
import { AcceptedSocket } from './AcceptedSocket';
import { Handshakes } from './Handshakes';
import type { CompletionHandler } from './CompletionHandler';
import type { Reactor } from './Reactor';
import type { RingTransport } from './RingTransport';
import type { TlsContext } from './TlsContext';
import type { NodeTlsContext } from '../connection/NodeTlsContext';
import { closedBaseError } from './closedBaseError';
import { failedCallName } from './failedCallName';
import { encodeRequest } from '../rings/encodeRequest';

const { completion, submission, closeMode, listenFlag, listenRequest, family } = native.layout;

/** Without IPv6 the default host is that of IPv4. */
const ANY_HOSTS = ['::', '0.0.0.0'];
const NO_IPV6 = ['EAFNOSUPPORT', 'EADDRNOTAVAIL'];

/** Gives an accepted socket to the least loaded reactor. */
export type Adopt = (fd: number) => RingTransport;

/** An `evconnlistener` of a reactor. */
export class RingAcceptor implements Acceptor, CompletionHandler {
  id = 0;
  unreferenced = false;
  private wanted = false;
  /**
   * Closing: the reactor delivers what is connected. Closed: nothing more comes, though handshakes and
   * what the handler keeps may. Gone: nobody hears of anything.
   */
  private state: 'open' | 'closing' | 'closed' | 'gone' = 'open';
  private address: AddressInfo = { family: 'unix', address: '', port: 0 };
  private readonly fallbackHosts: string[];
  /** The end of the last connection here; most have the same. */
  private local: PackedAddress | undefined;
  private readonly handshakes: Handshakes | undefined;

  constructor(
    private readonly reactor: Reactor,
    /** For {@link AcceptedSocket}, as the next one. */
    readonly options: ListenOptions,
    readonly adopt: Adopt,
    private readonly handler: AcceptorHandler,
    private readonly onGone: (acceptor: RingAcceptor) => void,
    context?: TlsContext | NodeTlsContext,
  ) {
    const { target, tls, connection } = options;
    if (tls !== undefined && context !== undefined) {
      this.handshakes = new Handshakes(tls, context, connection, {
        onSecured: (accepted) => {
          handler.onAccepted(accepted);
          this.endBehindHandshakes();
        },
        onFailed: (error) => {
          handler.onHandshakeFailed(error);
          this.endBehindHandshakes();
        },
      });
    }
    const [host = '', ...fallback] =
      target.kind === 'ip' && target.host === undefined ? ANY_HOSTS : [];
    this.fallbackHosts = fallback;
    if (target.kind === 'ip') this.resolve(target.host ?? host);
    else if (target.kind === 'unix') this.openPath(target.path);
    else this.open(family.unix, '', target.fd);
  }

  accept(on: boolean): void {
    this.wanted = on;
    if (this.id !== 0) this.reactor.submit(submission.read, this.id, on ? 1 : 0);
  }

  reference(on: boolean): void {
    this.unreferenced = !on;
    this.reactor.handlers.reference(this.id, on);
  }

  credit(connections: number): void {
    if (this.id !== 0) this.reactor.submit(submission.credit, this.id, connections);
  }

  finish(): void {
    if (this.state !== 'open') return;
    this.state = 'closing';
    if (this.id === 0) queueMicrotask(() => this.onClosed());
    // A socket that was given may be others' to accept from, and then nobody in its queue is lost.
    else this.submitClose(this.options.target.kind === 'fd' ? closeMode.drop : closeMode.linger);
  }

  close(): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    this.handshakes?.cancel();
    this.onGone(this);
    this.submitClose(closeMode.drop);
  }

  /** Closes from below: the base ends. */
  end(error: LibeventError | undefined): void {
    if (this.state === 'gone') return;
    this.close();
    this.handler.onFailed(error);
  }

  complete(kind: number, a: number, b: number, addresses: readonly PackedAddress[]): void {
    switch (kind) {
      case completion.accepted:
        this.onAccepted(a, addresses);
        break;
      case completion.bound:
        this.address = (addresses[0] as PackedAddress).info(this.path);
        this.handler.onBound(this.address, a);
        break;
      case completion.closed:
        this.onClosed();
        break;
      case completion.failed:
        this.onFailed(a, failedCallName(b));
        break;
      case completion.acceptPaused:
        this.handler.onPaused(LibeventError.of(a, 'accept', whereOf(this.address)));
        break;
      case completion.acceptResumed:
        this.handler.onResumed();
        break;
      default:
        break;
    }
  }

  abandon(error: LibeventError | undefined): void {
    this.fail(error);
  }

  /** For {@link AcceptedSocket}. */
  refuse(fd: number): void {
    native.discardDescriptor(fd);
  }

  private onAccepted(fd: number, addresses: readonly PackedAddress[]): void {
    const [remote, local] = addresses as readonly [PackedAddress, PackedAddress];
    if (this.local?.equals(local) !== true) this.local = local;
    const accepted = new AcceptedSocket(this, fd, remote, this.local);
    if (this.handshakes === undefined) this.handler.onAccepted(accepted);
    else this.secure(this.handshakes, fd, accepted);
  }

  private secure(handshakes: Handshakes, fd: number, addresses: ConnectionAddresses): void {
    if (this.state === 'gone') {
      native.discardDescriptor(fd);
      return;
    }
    let transport: RingTransport;
    try {
      transport = this.adopt(fd);
    } catch (error) {
      handshakes.fail(error as LibeventError, addresses.remote());
      return;
    }
    handshakes.begin(transport, addresses);
  }

  private onFailed(errno: number, syscall: string): void {
    this.id = 0;
    const error = LibeventError.of(errno, syscall, whereOf(this.address));
    const next = NO_IPV6.includes(error.code) ? this.fallbackHosts.shift() : undefined;
    if (next !== undefined && this.state === 'open') this.resolve(next);
    else this.fail(error);
  }

  private submitClose(mode: number): void {
    if (this.id !== 0) this.reactor.submit(submission.close, this.id, mode);
  }

  /** A listener that tries its next host has another id by now, and is not closed. */
  private onClosed(): void {
    if (this.state !== 'closing' || this.id !== 0) return;
    this.state = 'closed';
    this.endBehindHandshakes();
  }

  private endBehindHandshakes(): void {
    if (this.state === 'closed' && this.handshakes?.busy !== true) this.handler.onClosed();
  }

  /** The last that the handler hears. */
  private fail(error: LibeventError | undefined): void {
    if (this.state === 'gone') return;
    this.state = 'gone';
    this.onGone(this);
    this.handler.onFailed(error);
  }

  private resolve(host: string): void {
    const { target } = this.options;
    const port = target.kind === 'ip' ? target.port : 0;
    const version = ipVersion(host);
    if (version !== 0) {
      this.address = { family: version === 4 ? 'IPv4' : 'IPv6', address: host, port };
      this.open(version, host, -1);
      return;
    }
    // The base has work while the name is looked up, so the process lives.
    lookup(host, (error, address) => {
      if (this.state !== 'open') return;
      if (error === null) this.resolve(address);
      else
        this.fail(
          new LibeventError(error.code ?? 'ENOTFOUND', 'getaddrinfo', { address: host, port }),
        );
    });
  }

  private openPath(path: string): void {
    this.address = { family: 'unix', address: path, port: 0 };
    this.open(family.unix, path, -1);
  }

  private open(family: number, text: string, fd: number): void {
    if (this.reactor.ending) {
      // As when libevent has given up, and somebody listens again at once.
      queueMicrotask(() => {
        this.fail(closedBaseError('listen'));
      });
      return;
    }
    const { options } = this;
    const flags =
      (options.reuseAddress ? listenFlag.reuseable : 0) |
      (options.reusePort ? listenFlag.reuseablePort : 0) |
      (options.ipv6Only ? listenFlag.ipv6Only : 0) |
      (options.deferredAccept ? listenFlag.deferredAccept : 0) |
      (options.noDelay ? listenFlag.noDelayAccepted : 0) |
      (options.closeOnExec ? 0 : listenFlag.keepOnExec);
    const credit = acceptCredit(options);
    this.reactor.open(this);
    const { backlog } = options;
    const { port } = this.address;
    const request = encodeRequest(
      listenRequest,
      { flags, backlog, fd, family, port, credit, keepAliveSeconds: options.keepAliveSeconds },
      text,
    );
    this.reactor.submitBytes(submission.listen, this.id, request);
    if (this.wanted) this.accept(true);
  }

  /** Of a unix socket; empty for others. */
  get path(): string {
    return this.options.target.kind === 'unix' ? this.options.target.path : '';
  }
}
