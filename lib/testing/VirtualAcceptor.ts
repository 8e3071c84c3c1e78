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
  onClosed(): void;
}

/** `native/listener.cc` without a system: accepts while it is wanted and has credit. */
export class VirtualAcceptor implements Acceptor, VirtualHandler {
  /** Those who are connected and not accepted, and behind them those who wait to be connected. */
  private readonly backlog: Peer[] = [];
  /** How many of them are connected: the backlog, and one more. */
  private connected = 0;
  private wanted = false;
  private allowance: number;
  private resting = false;
  private failing = false;
  private closed = false;
  private listens = true;

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
    this.giveUpAddress();
    this.rig.reactor.submit(() => {
      if (this.closed) return;
      this.closed = true;
      for (const peer of this.backlog.splice(0, this.connected)) this.deliver(peer);
      for (const peer of this.backlog.splice(0)) peer.refuse('waiting');
      this.rig.reactor.post(() => {
        this.handler.onClosed();
      });
    });
  }

  close(): void {
    this.giveUpAddress();
    this.rig.reactor.submit(() => {
      this.closed = true;
      for (const peer of this.backlog.splice(0)) peer.refuse('waiting');
    });
  }

  /** The address is free for others. */
  private giveUpAddress(): void {
    if (!this.listens) return;
    this.listens = false;
    if (this.wanted) this.watch.onDemand(false);
    this.watch.onClosed();
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
    this.resting = true;
    this.rig.reactor.after(restMs, () => {
      this.resting = false;
      this.rig.reactor.look(this);
    });
    if (this.failing) return;
    this.failing = true;
    this.rig.reactor.post(() => {
      this.handler.onPaused(error);
    });
  }

  fail(error: LibeventError | undefined): void {
    this.closed = true;
    this.watch.onClosed();
    for (const peer of this.backlog.splice(0)) peer.refuse('waiting');
    this.rig.reactor.post(() => {
      this.handler.onFailed(error);
    });
  }

  turn(): void {
    while (!this.closed && this.wanted && !this.resting && this.allowance > 0) {
      const peer = this.backlog.shift();
      if (peer === undefined) return;
      this.connected -= 1;
      this.connectNext();
      this.allowance -= 1;
      if (this.failing) {
        this.failing = false;
        this.rig.reactor.post(() => {
          this.handler.onResumed();
        });
      }
      this.deliver(peer);
    }
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
