/** What arrives at the peer. */
export interface Arrivals {
  onBytes(chunk: Buffer): void;
  onFin(): void;
  onReset(): void;
  /** The socket is closed behind its FIN: nobody is there for what still comes. */
  onClosed?(): void;
}

/** Notified of bytes that are lost: to this side, or from it. */
export type OnDropped = (direction: 'in' | 'out', bytes: number, reason: string) => void;

/** How a link is made. */
export interface VirtualLinkConfig {
  /** Bytes that the system takes before output waits in the connection. */
  readonly sendBufferBytes: number;
  /** Bytes that the peer takes at the start. */
  readonly takes: number;
  /** Whether bytes that wait to be read become one chunk. */
  readonly coalesce: boolean;
}

/**
 * The system between a connection and its peer: what the peer has sent and nobody has read, and
 * what has been sent and the peer has not taken.
 */
export class VirtualLink {
  private readonly incoming: Buffer[] = [];
  private readonly outgoing: Buffer[] = [];
  /** Bytes that have been sent and that the peer has not taken. */
  outgoingBytes = 0;
  /** Bytes that the peer has sent and nobody has read. */
  incomingBytes = 0;
  private window: number;
  /**
   * Ended: it has sent FIN. Closed: so it has, and answers whatever still reaches it with RST. Gone: it
   * has sent RST, or the network has failed.
   */
  private peer: 'open' | 'ended' | 'closed' | 'gone' = 'open';
  /** What the peer has sent when the connection had closed, and nobody was there for. */
  readonly late: Buffer[] = [];
  /** The code of what the peer's end has broken with. */
  error: string | undefined;
  /** Our FIN; pending while bytes are in front of it. */
  private fin: 'none' | 'pending' | 'sent' = 'none';
  private closed = false;
  /** Notified when the connection's side should look. */
  onChange: () => void = () => undefined;
  onDropped: OnDropped = () => undefined;
  /** Called when the connection's side has read bytes, with their number. */
  onRead: (bytes: number) => void = () => undefined;

  constructor(
    private readonly config: VirtualLinkConfig,
    private readonly arrivals: Arrivals,
  ) {
    this.window = config.takes;
  }

  /** The peer has sent its end or has gone, and all of its bytes have been read. */
  get exhausted(): boolean {
    return this.incoming.length === 0 && this.dead;
  }

  /** The peer has sent FIN or RST. */
  get dead(): boolean {
    return this.peer !== 'open';
  }

  /** Both sides have sent FIN: neither of the sockets is there to be reset any more. */
  private get bothEnded(): boolean {
    return this.dead && this.peer !== 'gone' && this.fin === 'sent';
  }

  /** What the peer has sent and nobody has read. */
  get unread(): Buffer {
    return Buffer.concat(this.incoming);
  }

  /** Bytes that can be sent now. */
  get room(): number {
    return Math.max(0, this.config.sendBufferBytes - this.outgoingBytes + this.window);
  }

  get hasUnread(): boolean {
    return this.incoming.length > 0;
  }

  /** The peer sends. Nothing reaches a connection that has closed. */
  send(chunk: Buffer): void {
    if (this.dead || chunk.length === 0) {
      this.onDropped('in', chunk.length, 'behind the end');
      return;
    }
    if (this.closed) {
      this.late.push(chunk);
      this.onDropped('in', chunk.length, 'the connection had closed');
      return;
    }
    this.incoming.push(chunk);
    this.incomingBytes += chunk.length;
    this.onChange();
  }

  /** The peer sends FIN. */
  end(): void {
    if (this.dead) return;
    this.peer = 'ended';
    this.onChange();
  }

  /** The peer closes its socket for good. With bytes that it has not taken that is RST. */
  closeFully(): void {
    if (this.peer === 'gone' || this.bothEnded) return;
    if (this.outgoing.length > 0) {
      this.fail('ECONNRESET');
      return;
    }
    this.peer = 'closed';
    this.onChange();
  }

  /** The peer has gone: RST, or an error of the network. */
  fail(code: string): void {
    if (this.peer === 'gone' || this.bothEnded) return;
    // As the system says it: after its FIN, a peer's RST is a broken pipe.
    this.error = this.dead && code === 'ECONNRESET' ? 'EPIPE' : code;
    this.peer = 'gone';
    this.dropOutgoing(code);
    this.onChange();
  }

  /** The peer takes this many bytes more, those that are still to come included. */
  take(bytes: number): void {
    this.window += bytes;
    this.deliver();
    this.onChange();
  }

  /** The peer takes nothing from here on. */
  stop(): void {
    this.window = 0;
  }

  /** Reads at most this many bytes; undefined when there are none. */
  receive(most: number): Buffer | undefined {
    if (this.config.coalesce && this.incoming.length > 1) {
      this.incoming.splice(0, this.incoming.length, this.unread);
    }
    const chunk = shiftPart(this.incoming, most);
    if (chunk === undefined) return undefined;
    this.incomingBytes -= chunk.length;
    this.onRead(chunk.length);
    return chunk;
  }

  /**
   * One call that sends: takes from the front of the chunks what the system has room for.
   *
   * @param most - at most this many bytes
   * @returns how many bytes that was
   */
  push(chunks: Buffer[], most: number): number {
    const isAnswered = this.peer === 'closed';
    const room = Math.min(most, this.room);
    let bytes = 0;
    for (let part; (part = shiftPart(chunks, room - bytes)) !== undefined;) {
      bytes += part.length;
      if (!isAnswered) this.outgoing.push(part);
    }
    if (bytes === 0) return 0;
    if (isAnswered) {
      this.fail('ECONNRESET');
      this.onDropped('out', bytes, 'answered with RST');
    } else {
      this.outgoingBytes += bytes;
      this.deliver();
    }
    return bytes;
  }

  /** Sends FIN behind what has been sent. */
  shutdown(): void {
    if (this.fin !== 'none' || this.closed) return;
    this.fin = 'pending';
    this.deliver();
  }

  /**
   * Closes the socket. With bytes unread that is RST, otherwise FIN.
   *
   * @returns whether RST has been sent
   */
  close(reset: boolean): boolean {
    if (this.closed) return false;
    const resets = (reset || this.hasUnread) && this.peer !== 'gone' && !this.bothEnded;
    if (reset || this.hasUnread) {
      this.dropOutgoing('closed with RST');
      this.onDropped('in', this.incomingBytes, 'closed with RST');
      this.incoming.length = 0;
      this.incomingBytes = 0;
      if (resets) this.arrivals.onReset();
    } else {
      this.shutdown();
      if (this.fin === 'sent') this.arrivals.onClosed?.();
    }
    this.closed = true;
    return resets;
  }

  private dropOutgoing(reason: string): void {
    this.onDropped('out', this.outgoingBytes, reason);
    this.outgoing.length = 0;
    this.outgoingBytes = 0;
  }

  private deliver(): void {
    for (let part; (part = shiftPart(this.outgoing, this.window)) !== undefined;) {
      this.window -= part.length;
      this.outgoingBytes -= part.length;
      this.arrivals.onBytes(part);
    }
    if (this.fin !== 'pending' || this.outgoing.length > 0 || this.peer === 'gone') return;
    this.fin = 'sent';
    this.arrivals.onFin();
    if (this.closed) this.arrivals.onClosed?.();
  }
}

/** The first chunk, or as many bytes of it as `most`; its rest stays in front. */
function shiftPart(chunks: Buffer[], most: number): Buffer | undefined {
  const first = most >= 1 ? chunks.shift() : undefined;
  if (first === undefined || first.length <= most) return first;
  chunks.unshift(first.subarray(most));
  return first.subarray(0, most);
}
