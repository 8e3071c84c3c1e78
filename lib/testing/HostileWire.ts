import type { Subscription } from 'rxjs';
import type { FaultPlan } from './FaultPlan';
import type { HostileNetwork } from './HostileNetwork';
import type { SegmentKind, Wire } from './Wire';

/** What is on its way. */
interface Segment {
  readonly kind: SegmentKind;
  readonly arrive: (chunk: Buffer) => void;
  chunk: Buffer;
  dueMs: number;
  readonly sinceMs: number;
  /** It waits for the next one, and comes with it. */
  joins: boolean;
  /** Both ends get RST in its place. */
  resets: boolean;
}

/** What a wire reports to its connection. */
export interface WireOwner {
  /** RST to both ends. */
  onReset(): void;
  /** The sender's system gives up. */
  onGivenUp(code: string): void;
  /** Nothing arrives any more, in neither direction. */
  onForgotten(answersReset: boolean): void;
  onDropped(bytes: number, reason: string): void;
}

const NOTHING = Buffer.alloc(0);
/** Segments that are the systems' own: nothing happens to one that would not happen to another. */
const QUIET: readonly SegmentKind[] = ['window', 'closed'];

/** One direction of a connection over a network that does what its plan says. In order, as TCP is. */
export class HostileWire implements Wire {
  /** Bytes that are on their way. */
  bytes = 0;
  private readonly queue: Segment[] = [];
  private timer: Subscription | undefined;
  private sent = 0;
  /** Given up: the sender's system knows. */
  private state: 'open' | 'forgotten' | 'givenUp' | 'over' = 'open';
  private answersReset = false;

  constructor(
    private readonly network: HostileNetwork,
    private readonly plan: FaultPlan,
    /** For messages, as `client #1 to server`. */
    readonly name: string,
    private readonly key: number,
    private readonly isCutUntil: () => number,
    private readonly owner: WireOwner,
  ) {}

  /** Nothing is on its way, or comes to be. */
  get isOver(): boolean {
    return this.queue.length === 0 && this.timer === undefined;
  }

  carry(kind: SegmentKind, arrive: (chunk: Buffer) => void, chunk = NOTHING): void {
    const now = this.network.now();
    this.sent += 1;
    if (this.state !== 'open') {
      this.lose(kind, chunk.length);
      return;
    }
    this.bytes += chunk.length;
    const dueMs = now + this.network.latency(this.key, this.sent);
    if (!this.joinLast(kind, chunk, dueMs)) {
      const soonest = this.queue.at(-1)?.dueMs ?? 0;
      const segment: Segment = {
        ...{ kind, arrive, chunk, dueMs: Math.max(soonest, dueMs), sinceMs: now },
        ...{ joins: false, resets: false },
      };
      this.queue.push(segment);
      if (!QUIET.includes(kind)) this.harm(segment);
    }
    this.arm();
  }

  /** Nothing arrives any more. */
  forget(answersReset: boolean): void {
    if (this.state !== 'open') return;
    this.state = 'forgotten';
    this.answersReset = answersReset;
    this.loseAll('lost by a network that has forgotten the connection');
  }

  /** The connection has been reset. */
  end(): void {
    this.state = 'over';
    this.loseAll('reset by the network');
  }

  /** What waits for the next segment goes now. Returns whether that takes the new one along. */
  private joinLast(kind: SegmentKind, chunk: Buffer, dueMs: number): boolean {
    const last = this.queue.at(-1);
    if (last?.joins !== true) return false;
    last.joins = false;
    last.dueMs = dueMs;
    this.timer?.unsubscribe();
    this.timer = undefined;
    if (kind !== 'bytes') return false;
    last.chunk = Buffer.concat([last.chunk, chunk]);
    return true;
  }

  private harm(segment: Segment): void {
    const { options } = this.network;
    const strike = (kind: Parameters<FaultPlan['strike']>[0], most?: number): number =>
      this.plan.strike(kind, this.name, this.key, this.sent, most);
    segment.dueMs += strike('delay', options.delayMs);
    segment.dueMs += strike('stall', options.stallMs);
    if (strike('partition') > 0) this.network.cut(this.key, this.sent);
    if (segment.kind !== 'bytes') return;
    if (segment.chunk.length > 1) {
      const at = strike('split', segment.chunk.length - 1);
      if (at > 0) this.split(segment, at);
    }
    const waitMs = strike('join', options.delayMs);
    if (waitMs > 0) {
      const last = this.queue.at(-1) as Segment;
      last.joins = true;
      last.dueMs += waitMs;
    }
    if (strike('reset') > 0) segment.resets = true;
    const forgets = strike('halfOpen', 2);
    if (forgets > 0) this.owner.onForgotten(forgets === 1);
  }

  private split(segment: Segment, at: number): void {
    const rest = segment.chunk.subarray(at);
    segment.chunk = segment.chunk.subarray(0, at);
    const dueMs = segment.dueMs + 1 + this.network.latency(this.key, -this.sent);
    this.queue.push({ ...segment, chunk: rest, dueMs });
  }

  private arm(): void {
    const [first] = this.queue;
    if (first === undefined || this.timer !== undefined) return;
    this.wait(first.dueMs);
  }

  private wait(untilMs: number): void {
    this.timer = this.network.reactor.after(Math.max(0, untilMs - this.network.now()), () => {
      this.timer = undefined;
      this.deliver();
    });
  }

  private deliver(): void {
    const now = this.network.now();
    for (let first = this.queue[0]; first !== undefined; first = this.queue[0]) {
      if (first.dueMs > now) break;
      const healsMs = this.isCutUntil();
      if (healsMs > now) {
        const givesUpMs = first.sinceMs + this.network.options.giveUpMs;
        if (givesUpMs <= now) this.giveUp('ETIMEDOUT');
        else this.wait(Math.min(healsMs, givesUpMs));
        return;
      }
      this.queue.shift();
      this.bytes -= first.chunk.length;
      if (first.resets) {
        this.owner.onDropped(first.chunk.length, 'reset by the network');
        this.owner.onReset();
        return;
      }
      this.network.trace(this.key, first.kind, first.chunk.length);
      first.arrive(first.chunk);
    }
    this.arm();
  }

  private giveUp(code: string): void {
    if (this.state === 'givenUp' || this.state === 'over') return;
    this.state = 'givenUp';
    this.loseAll('given up by the system');
    this.owner.onGivenUp(code);
  }

  private loseAll(reason: string): void {
    this.timer?.unsubscribe();
    this.timer = undefined;
    const lost = this.queue.splice(0);
    this.bytes = 0;
    for (const { kind, chunk } of lost) this.lose(kind, chunk.length, reason);
  }

  private lose(kind: SegmentKind, bytes: number, reason = 'sent into nowhere'): void {
    this.owner.onDropped(bytes, reason);
    if (this.state !== 'forgotten' || QUIET.includes(kind)) return;
    // RST comes back from the network, or nothing does.
    const { answersReset } = this;
    const { giveUpMs, latencyMs } = this.network.options;
    this.timer ??= this.network.reactor.after(answersReset ? 1 + latencyMs : giveUpMs, () => {
      this.giveUp(answersReset ? 'ECONNRESET' : 'ETIMEDOUT');
    });
  }
}
