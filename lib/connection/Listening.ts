import type { Subscriber } from 'rxjs';
import type { AddressInfo } from '../common/AddressInfo';
import type { LibeventError } from '../common/LibeventError';
import { Emitter } from '../flow/Emitter';
import { acceptedBy, type Release, enterSource, leaveSource } from '../flow/Source';
import { AcceptedConnections } from './AcceptedConnections';
import type { Accepted, Acceptor, AcceptorHandler } from './Acceptor';
import type { Connection } from './Connection';
import type { ListenOptions } from './ListenConfig';

/** What a {@link Listening} reports beside its connections. */
export interface ListeningEvents {
  onBound(address: AddressInfo): void;
  onTrouble(error: LibeventError): void;
  onHandshakeFailed(error: LibeventError): void;
  /** Listening has failed, or has ended from below. */
  onEnded(error: LibeventError | undefined): void;
}

/**
 * Connections that may have been accepted and not yet emitted. A reactor that serves ten thousand
 * busy ones comes by its listener every 40 ms: with 32, a full backlog of 4096 waited for 4 s.
 */
export const ACCEPT_CREDIT = 128;
/** Connections that a resumed listener emits before other work has a turn. */
const BURST = 64;

/** What a listener decides how much it accepts by. */
export type AcceptLimits = Pick<ListenOptions, 'maxConnections' | 'tls'>;

/** Connections that may be accepted, secured where they are to be, and not yet emitted. */
export function acceptCredit({ maxConnections, tls }: AcceptLimits): number {
  return Math.min(tls?.maxHandshakes ?? ACCEPT_CREDIT, maxConnections);
}

/** One subscription of a listener: its acceptor, its holds and what waits. */
export class Listening extends Emitter<Accepted> implements AcceptorHandler {
  /** Of the socket, while it is bound and nobody has asked it to close. */
  fd: number | undefined;
  private acceptor: Acceptor | undefined;
  private finishing = false;
  private accepting = false;
  /** Connections that the acceptor may still deliver. */
  private credit: number;
  private live = 0;
  private full: Release | undefined;
  private accepted: AcceptedConnections | undefined;
  private readonly maxConnections: number;
  private readonly mostCredit: number;

  constructor(
    private readonly subscriber: Subscriber<Connection>,
    limits: AcceptLimits,
    private readonly events: ListeningEvents,
  ) {
    super(BURST);
    this.maxConnections = limits.maxConnections;
    this.mostCredit = acceptCredit(limits);
    this.credit = this.mostCredit;
  }

  start(openAcceptor: (handler: AcceptorHandler) => Acceptor): void {
    this.acceptor = openAcceptor(this);
    if (!this.source.held) this.accept(true);
  }

  reference(on: boolean): void {
    this.acceptor?.reference(on);
  }

  hold(cause: unknown): Release {
    return this.source.hold(cause);
  }

  /** Accepts nobody who comes from here on; completes behind the last of those who are there. */
  stopAccepting(): boolean {
    if (this.subscriber.closed) return false;
    if (!this.finishing) {
      this.finishing = true;
      this.fd = undefined;
      this.acceptor?.finish();
    }
    return true;
  }

  arrivals(): AcceptedConnections {
    return (this.accepted ??= new AcceptedConnections(() => this.subscriber.closed));
  }

  onBound(address: AddressInfo, fd: number | undefined): void {
    if (this.subscriber.closed) return;
    if (!this.finishing) this.fd = fd;
    this.events.onBound(address);
  }

  onAccepted(accepted: Accepted): void {
    this.credit -= 1;
    if (this.subscriber.closed) accepted.refuse();
    else
      this.context.runInAsyncScope(() => {
        this.take(accepted);
      });
  }

  onHandshakeFailed(error: LibeventError): void {
    this.credit -= 1;
    this.giveCredit();
    if (!this.subscriber.closed) this.events.onHandshakeFailed(error);
  }

  onPaused(error: LibeventError): void {
    this.events.onTrouble(error);
  }

  onResumed(): void {
    // Connections arrive again: they say so themselves.
  }

  onClosed(): void {
    // A hold keeps back what waits; where nothing does, there is nothing to keep back.
    if (this.length > 0) this.end(() => this.subscriber.complete());
    else this.context.callComplete(this.subscriber);
  }

  onFailed(error: LibeventError | undefined): void {
    this.acceptor = undefined;
    if (this.subscriber.closed) return;
    this.events.onEnded(error);
    if (error === undefined) this.context.callComplete(this.subscriber);
    else this.context.callError(this.subscriber, error);
  }

  /** The subscriber has gone, or has had the ending. */
  stop(): void {
    for (const accepted of this.close()) accepted.refuse();
    this.acceptor?.close();
  }

  protected override onHeld(): void {
    this.accept(false);
  }

  protected override onFree(): void {
    this.accept(true);
  }

  protected override emit(accepted: Accepted): void {
    let connection: Connection;
    try {
      connection = accepted.take();
    } catch (error) {
      // No room, or a group that has been closed: the peer is refused, and the listener goes on.
      this.giveCredit();
      this.events.onTrouble(error as LibeventError);
      return;
    }
    this.count(connection);
    this.giveCredit();
    connection[acceptedBy] = this.source;
    this.accepted?.add(connection);
    const outer = enterSource(undefined);
    try {
      this.subscriber.next(connection);
    } finally {
      leaveSource(outer);
    }
  }

  private count(connection: Connection): void {
    if (this.maxConnections === Infinity) return;
    this.live += 1;
    if (this.live >= this.maxConnections) this.full ??= this.source.hold('maxConnections');
    connection.whenClosed.subscribe(() => {
      this.live -= 1;
      this.giveCredit();
      if (this.live >= this.maxConnections) return;
      this.full?.();
      this.full = undefined;
    });
  }

  private accept(on: boolean): void {
    if (this.subscriber.closed || this.finishing || on === this.accepting) return;
    if (this.acceptor === undefined) return;
    this.accepting = on;
    this.acceptor.accept(on);
  }

  /** What is open, what waits and what may come are together never more than `maxConnections`. */
  private giveCredit(): void {
    const waiting = this.length;
    const room = Math.min(this.mostCredit - waiting, this.maxConnections - this.live - waiting);
    const due = room - this.credit;
    // In batches, while the acceptor has some left.
    const batch = this.mostCredit / 4;
    if (this.subscriber.closed || due <= 0 || (due < batch && this.credit > 0)) return;
    this.credit += due;
    this.acceptor?.credit(due);
  }
}
