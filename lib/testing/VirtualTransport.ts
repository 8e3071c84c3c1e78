import { LibeventError } from '../common/LibeventError';
import type { CheckedChunk } from '../common/Chunk';
import type { IdleWatch, Idling } from '../connection/IdleWatch';
import type { ConnectionTls } from '../connection/ConnectionTls';
import type { TimeoutDirection } from '../connection/Timeouts';
import type { CloseMode, Transport, TransportHandler } from '../connection/Transport';
import { JoinedWrites, type WrittenPart } from './JoinedWrites';
import { VirtualIdleWatch } from './VirtualIdleWatch';
import type { OnDropped, VirtualLink } from './VirtualLink';
import type { VirtualHandler, VirtualReactor } from './VirtualReactor';
import { VirtualTimeout } from './VirtualTimeout';

/**
 * A socket on a virtual reactor: `native/bufferevent.cc` without a system. Reads within its credit
 * while it is wanted, watches for the peer's death meanwhile, keeps output in order, and ends the
 * same ways.
 */
export class VirtualTransport implements Transport, VirtualHandler {
  sent = 0;
  /** What it says that it is secured by. */
  tls: ConnectionTls | undefined;
  /** How this side has ended it. Finish: by FIN. Answer: only what the peer had ended already. */
  ownEnd: 'none' | 'answer' | 'finish' | CloseMode = 'none';
  /** Reset: closed, with RST sent, as it was asked for and the peer was still there. */
  state: 'open' | 'lingering' | 'closed' | 'reset' = 'open';
  /** Ended: the peer's end, or its failure, has been seen. Reported: the handler has been called. */
  input: 'open' | 'ended' | 'reported' = 'open';
  /** Finishing: FIN follows what has been written. Finished: it has been sent. */
  output: 'open' | 'finishing' | 'finished' | 'failed' = 'open';
  openFile: Transport['openFile'];
  /** Notified of what is posted, for the test's report. */
  onReceived: (chunk: Buffer) => void = () => undefined;
  onDropped: OnDropped = () => undefined;
  private readonly writes: JoinedWrites;
  /** Bytes that the reactor has read and the connection has not been given. */
  postedBytes = 0;
  private handler: TransportHandler | undefined;
  private wanted = false;
  /** Reading stops lazily: what comes when nobody may read is found first, and watched from then on. */
  private armed = false;
  private outstanding = 0;
  private readonly readTimer: VirtualTimeout;
  /** What the peer was last reported to have gone with. */
  private hangup: 'none' | 'FIN' | { readonly code: string } = 'none';
  private readonly pending: Buffer[] = [];
  private taken = 0;
  /** Where in the output a file ends too soon. */
  private shortAt: number | undefined;
  private notifyAt: number | undefined;
  private drainAt: number | undefined;
  private readonly writeTimer: VirtualTimeout;
  private readonly deadline: VirtualTimeout;
  private idleWatch: VirtualIdleWatch | undefined;

  constructor(
    private readonly reactor: VirtualReactor,
    private readonly link: VirtualLink,
    private readHighBytes: number,
    private readonly name = 'a connection',
  ) {
    this.writes = new JoinedWrites(reactor, name, (parts) => {
      this.takeOutput(parts);
    });
    this.readTimer = new VirtualTimeout(reactor, () => {
      this.timeOut('read');
      this.startReadTimer();
    });
    this.writeTimer = new VirtualTimeout(reactor, () => {
      this.timeOut('write');
      this.writeTimer.start();
    });
    this.deadline = new VirtualTimeout(reactor, () => {
      this.closeSocket('plain');
    });
    link.onChange = () => {
      reactor.look(this);
    };
    reactor.look(this);
  }

  attach(handler: TransportHandler): void {
    this.handler = handler;
  }

  read(on: boolean): void {
    if (on) this.reactor.checkRunning(`${this.name} was read`);
    this.reactor.submit(() => {
      this.wanted = on;
      this.arm();
    });
  }

  credit(bytes: number): void {
    this.reactor.submit(() => {
      this.outstanding -= bytes;
      this.arm();
    });
  }

  readHigh(bytes: number): void {
    this.reactor.submit(() => {
      this.readHighBytes = bytes;
      this.arm();
    });
  }

  write(chunk: CheckedChunk, encoding: BufferEncoding): number {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
    this.writes.write(bytes);
    return bytes.length;
  }

  /** A part of a file. One that holds fewer bytes than it has said cannot be sent whole. */
  writeFile(chunk: Buffer, bytes: number): void {
    this.writes.writeFile({ chunk, bytes });
  }

  notify(position: number): void {
    this.reactor.submit(() => {
      this.notifyAt = position;
      this.checkPositions();
    });
  }

  drain(lowBytes: number): void {
    this.reactor.submit(() => {
      this.drainAt = lowBytes;
      this.checkPositions();
    });
  }

  shutdown(): void {
    this.ends('finish', this.input === 'reported');
    this.reactor.submit(() => {
      if (this.output === 'open') this.output = 'finishing';
      this.checkPositions();
    });
  }

  close(mode: CloseMode, deadlineMs: number): void {
    this.ends(mode, mode === 'drop' && this.input === 'reported');
    this.reactor.submit(() => {
      this.end(mode, deadlineMs);
    });
  }

  timeouts(readMs: number, writeMs: number): void {
    this.reactor.submit(() => {
      this.readTimer.ms = readMs;
      this.writeTimer.ms = writeMs;
      this.turn();
    });
  }

  idle(timeoutMs: number, idling: Idling): IdleWatch {
    this.idleWatch = new VirtualIdleWatch(this.reactor, timeoutMs, idling);
    return this.idleWatch;
  }

  /** Its base is closed. */
  stop(): void {
    this.reactor.submit(() => {
      this.closeSocket('plain');
    });
  }

  /** A timeout that the test asks for. */
  timeOut(direction: TimeoutDirection): void {
    if (this.isClosed) return;
    this.reactor.post(() => this.handler?.onTimeout(direction));
  }

  /** What has been written and the system has not taken. */
  get unsent(): Buffer {
    return Buffer.concat(this.pending);
  }

  /** Bytes that have been written and not sent. */
  get unsentBytes(): number {
    return this.writes.bytes + (this.isClosed ? 0 : this.unsent.length);
  }

  turn(): void {
    if (this.isClosed) return;
    this.flush();
    if (this.state === 'lingering') this.discard();
    else this.receive();
  }

  private takeOutput(parts: readonly WrittenPart[]): void {
    for (const { chunk, bytes } of parts) {
      if (chunk.length < bytes) this.shortAt = this.taken + chunk.length;
      this.taken += bytes;
      if (this.output !== 'open' || this.isClosed) {
        this.onDropped('out', chunk.length, 'written behind the end');
        this.addSent(bytes);
      } else if (chunk.length > 0) this.pending.push(chunk);
    }
    this.flush();
    this.idleWatch?.look();
  }

  private get credits(): number {
    return this.readHighBytes - this.outstanding;
  }

  /** With a timeout reading stops at once. */
  private arm(): void {
    if (this.wanted) this.armed ||= this.credits > 0;
    else if (this.readTimer.ms > 0) this.armed = false;
    this.reactor.look(this);
  }

  /** One recv() a pass: what comes behind it, the end included, is found in the next one. */
  private receive(): void {
    if (this.input === 'open' && (this.link.hasUnread || this.link.dead)) {
      if (!this.wanted || this.credits <= 0) {
        this.watchForDeath();
        return;
      }
      const chunk = this.link.receive(this.credits);
      if (chunk === undefined) {
        this.endReading(this.errorFor('recv'));
        return;
      }
      this.outstanding += chunk.length;
      this.readTimer.stop();
      this.onReceived(chunk);
      this.postedBytes += chunk.length;
      this.reactor.post(() => {
        this.postedBytes -= chunk.length;
        this.handler?.onData(chunk);
        this.idleWatch?.look();
      });
      this.reactor.look(this);
    }
    this.startReadTimer();
  }

  /** With reading off, a peer's FIN and the RST that may follow it are reported once each. */
  private watchForDeath(): void {
    this.readTimer.stop();
    const { dead, exhausted } = this.link;
    const wasArmed = this.armed;
    this.armed = false;
    if (wasArmed) this.reactor.look(this);
    if (wasArmed || !dead) return;
    const error = this.errorFor('watch');
    if (exhausted) {
      this.endReading(error);
      return;
    }
    const known = this.hangup !== 'none' && (error === undefined || this.hangup !== 'FIN');
    if (known) return;
    this.hangup = error === undefined ? 'FIN' : { code: error };
    this.reactor.post(() => this.handler?.onHangup(errorOf(error, 'read')));
  }

  /**
   * The socket's error for recv() and the death watch. Behind a FIN recv() reads the end, unless the
   * watch has taken the error before; and a write that has failed has taken it from the watch.
   */
  private errorFor(call: 'recv' | 'watch'): string | undefined {
    if (typeof this.hangup === 'object') return this.hangup.code;
    const { error } = this.link;
    const isGone = call === 'recv' || this.output === 'failed';
    return error === 'EPIPE' && isGone ? undefined : error;
  }

  private endReading(code: string | undefined): void {
    this.input = 'ended';
    this.readTimer.stop();
    this.reactor.post(() => {
      this.input = 'reported';
      this.handler?.onEnd(errorOf(code, 'read'));
    });
  }

  private flush(): void {
    if (this.pending.length > 0 && this.link.error !== undefined) {
      this.failWriting(this.link.error);
      return;
    }
    const moved = this.link.push(this.pending, (this.shortAt ?? Infinity) - this.sent);
    if (moved > 0 || this.pending.length === 0) this.writeTimer.stop();
    if (moved > 0) this.addSent(moved);
    if (this.sent === this.shortAt) this.failWriting('EIO', 'sendfile');
    // What answers with RST is heard of by the next write: the rest is one.
    if (this.pending.length > 0 && this.link.error !== undefined) this.reactor.look(this);
    if (this.pending.length > 0) this.writeTimer.start();
  }

  private addSent(bytes: number): void {
    this.sent += bytes;
    this.idleWatch?.look();
    // A peer that reads slowly, but steadily, is not cut.
    if (this.state === 'lingering') this.deadline.restart();
    this.checkPositions();
  }

  private checkPositions(): void {
    if (this.output === 'failed' || this.isClosed) return;
    if (this.notifyAt !== undefined && this.sent >= this.notifyAt) {
      this.notifyAt = undefined;
      this.reactor.post(() => this.handler?.onSent());
    }
    if (this.drainAt !== undefined && this.taken - this.sent <= this.drainAt) {
      this.drainAt = undefined;
      this.reactor.post(() => this.handler?.onDrained());
    }
    if (this.output !== 'finishing' || this.sent !== this.taken) return;
    // shutdown() of a socket whose peer has reset it: a FIN would reach nobody.
    const isOver = this.state === 'lingering' && this.input !== 'open';
    if (this.link.error !== undefined && !isOver) {
      this.failWriting(this.link.error);
      return;
    }
    this.output = 'finished';
    this.link.shutdown();
    this.reactor.post(() => this.handler?.onFinished());
    this.checkLinger();
  }

  private failWriting(code: string, syscall = 'write'): void {
    this.output = 'failed';
    this.onDropped('out', this.unsent.length, code);
    this.pending.length = 0;
    this.writeTimer.stop();
    this.reactor.post(() => this.handler?.onWriteFailed(errorOf(code, syscall) as LibeventError));
    this.checkLinger();
  }

  private end(mode: CloseMode, deadlineMs: number): void {
    if (this.isClosed) return;
    if (mode === 'linger' && this.output !== 'failed') {
      this.state = 'lingering';
      if (this.output === 'open') this.output = 'finishing';
      this.wanted = false;
      this.readTimer.ms = 0;
      this.readTimer.stop();
      this.deadline.ms = Math.max(deadlineMs, 1);
      this.deadline.start();
      this.checkPositions();
      this.discard();
      return;
    }
    this.closeSocket(mode === 'reset' ? 'reset' : 'plain');
  }

  /** What is done without need counts, and the last of that. */
  private ends(how: 'finish' | CloseMode, isAnswer: boolean): void {
    if (!isAnswer) this.ownEnd = how;
    else if (this.ownEnd === 'none') this.ownEnd = 'answer';
  }

  get isClosed(): boolean {
    return this.state === 'closed' || this.state === 'reset';
  }

  /** What the peer still sends after our end is thrown away. */
  private discard(): void {
    if (this.state !== 'lingering') return;
    for (let chunk; (chunk = this.link.receive(Infinity)) !== undefined;) {
      this.onDropped('in', chunk.length, 'thrown away after the end');
    }
    if (!this.link.dead) return;
    if (this.input === 'open') this.input = 'ended';
    if (this.link.error !== undefined && this.output !== 'finished') this.output = 'failed';
    this.checkLinger();
  }

  private checkLinger(): void {
    if (this.state !== 'lingering') return;
    const inOrder = this.output === 'finished' && this.input !== 'open';
    if (this.output === 'failed' || inOrder) this.closeSocket('plain');
  }

  /** With output that has not been sent, RST: FIN would say that this was all. */
  private closeSocket(asked: 'plain' | 'reset'): void {
    if (this.isClosed) return;
    const reset = asked === 'reset' || this.pending.length > 0;
    this.onDropped('out', this.unsent.length, 'closed before it was sent');
    this.state = this.link.close(reset) && reset ? 'reset' : 'closed';
    this.readTimer.stop();
    this.writeTimer.stop();
    this.deadline.stop();
    this.reactor.post(() => this.handler?.onClosed(undefined));
  }

  private startReadTimer(): void {
    const waits = this.wanted && this.credits > 0 && this.input === 'open';
    if (waits) this.readTimer.start();
    else this.readTimer.stop();
  }
}

const errorOf = (code: string | undefined, syscall: string): LibeventError | undefined =>
  code === undefined ? undefined : new LibeventError(code, syscall);
