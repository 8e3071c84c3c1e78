import type { AddressInfo } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import type { Accepted, Acceptor, AcceptorHandler } from '../connection/Acceptor';
import type { ListenOptions } from '../connection/ListenConfig';
import { acceptCredit } from '../connection/Listening';
import type { Peer } from './Peer';
import type { Rig } from './Rig';
import type { VirtualHandler } from './VirtualReactor';

/** How long accepting rests after the system has refused a descriptor: native/listener.cc. */
const RETRY_MS = 100;

/** What is reported of an acceptor. */
export interface AcceptorWatch {
  onDemand(on: boolean): void;
  onTaken(peer: Peer): void;
  /** Who connects from here on does not connect to this one. */
  onAddressFree(): void;
}

/** `native/listener.cc` without a system: accepts while it is wanted and has credit. */
export class VirtualAcceptor implements Acceptor, VirtualHandler {
  /** Those who are connected and not accepted, and behind them those who wait to be connected. */
  private readonly backlog: Peer[] = [];
  /** How many of them are connected: the backlog, and one more. */
  private connected = 0;
  private wanted = false;
  private allowance: number;
  /** Until then there is no descriptor. */
  private restsUntilMs = 0;
  private failing = false;
  /** Finishing: nobody begins to connect any more, and who is connected is accepted. */
  private state: 'listening' | 'finishing' | 'closed' = 'listening';

  constructor(
    private readonly rig: Rig,
    private readonly options: ListenOptions,
    private readonly address: AddressInfo,
    private readonly handler: AcceptorHandler,
    private readonly watch: AcceptorWatch,
  ) {
    this.allowance = acceptCredit(options);
  }

  accept(on: boolean): void {
    if (on) this.rig.reactor.checkRunning('a listener was subscribed to');
    this.watch.onDemand(on);
    this.rig.reactor.submit(() => {
      this.wanted = on;
      this.turn();
    });
  }

  reference(): void {
    // Virtual time keeps no process alive.
  }

  credit(connections: number): void {
    this.rig.reactor.submit(() => {
      this.allowance += connections;
      this.turn();
    });
  }

  finish(): void {
    this.giveUpAddress('finishing');
    this.rig.reactor.submit(() => {
      for (const peer of this.backlog.splice(this.connected)) peer.refuse('waiting');
      this.turn();
    });
  }

  close(): void {
    this.giveUpAddress('closed');
    this.rig.reactor.submit(() => {
      this.refuseAll();
    });
  }

  /** The address is free for others. */
  private giveUpAddress(state: 'finishing' | 'closed'): void {
    const { state: before } = this;
    if (before !== 'closed') this.state = state;
    if (before !== 'listening') return;
    if (this.wanted) this.watch.onDemand(false);
    this.watch.onAddressFree();
  }

  private refuseAll(): void {
    for (const peer of this.backlog.splice(0)) peer.refuse('waiting');
  }

  /** A peer wants to connect. Where the backlog has no room it waits; nobody is refused. */
  arrive(peer: Peer): void {
    this.backlog.push(peer);
    this.connectNext();
  }

  private connectNext(): void {
    for (; this.connected <= this.options.backlog; this.connected += 1) {
      const peer = this.backlog[this.connected];
      if (peer === undefined) return;
      peer.start(this.options.connection.encoding);
      this.rig.reactor.look(this);
    }
  }

  trouble(error: LibeventError, restMs = RETRY_MS): void {
    const { reactor } = this.rig;
    this.restsUntilMs = Math.max(this.restsUntilMs, reactor.now() + restMs);
    reactor.after(restMs, () => {
      reactor.look(this);
    });
    if (this.failing) return;
    this.failing = true;
    reactor.post(() => {
      this.handler.onPaused(error);
    });
  }

  fail(error: LibeventError | undefined): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.watch.onAddressFree();
    this.refuseAll();
    this.rig.reactor.post(() => {
      this.handler.onFailed(error);
    });
  }

  /** Nobody is accepted any more. */
  get closed(): boolean {
    return this.state === 'closed';
  }

  turn(): void {
    if (this.state === 'closed' || this.rests) return;
    if (this.state === 'finishing') {
      this.finishNow();
      return;
    }
    while (this.wanted && this.allowance > 0) {
      const peer = this.backlog.shift();
      if (peer === undefined) return;
      this.connected -= 1;
      this.connectNext();
      this.allowance -= 1;
      this.take(peer);
    }
  }

  private get rests(): boolean {
    return this.rig.reactor.now() < this.restsUntilMs;
  }

  /** Whatever the credit: the backlog bounds them. */
  private finishNow(): void {
    this.state = 'closed';
    for (const peer of this.backlog.splice(0)) this.take(peer);
    this.rig.reactor.post(() => {
      this.handler.onClosed();
    });
  }

  private take(peer: Peer): void {
    if (this.failing) {
      this.failing = false;
      this.rig.reactor.post(() => {
        this.handler.onResumed();
      });
    }
    this.deliver(peer);
  }

  private deliver(peer: Peer): void {
    this.rig.reactor.post(() => {
      const { handshakeError } = peer;
      if (handshakeError === undefined) this.handler.onAccepted(this.accepted(peer));
      else {
        peer.refuse('accepted');
        this.handler.onHandshakeFailed(handshakeError);
      }
    });
  }

  private accepted(peer: Peer): Accepted {
    return {
      take: () => {
        this.watch.onTaken(peer);
        return peer.open(this.options.connection, { local: () => acceptedAt(this.address) });
      },
      refuse: () => {
        this.rig.reactor.submit(() => {
          peer.refuse('accepted');
        });
      },
    };
  }
}

/** The address of a connection that was accepted at one: `::` and `0.0.0.0` are none. */
function acceptedAt(address: AddressInfo): AddressInfo {
  if (address.address === '::') return { ...address, address: '::1' };
  return address.address === '0.0.0.0' ? { ...address, address: '127.0.0.1' } : address;
}
