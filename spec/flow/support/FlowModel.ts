import { Flow, type FlowMarks } from '../../../lib/flow/Flow';
import type { Release } from '../../../lib/flow/Release';
import { ManualTurns } from './ManualTurns';

type Order = { read: boolean } | { credit: number } | { high: number };

/**
 * A connection around a {@link Flow}, down to a reactor that obeys late: what it posts and what it
 * is told cross rings, and each side looks at its ring when the spec says so. Breaking a rule of
 * flow control throws.
 */
export class FlowModel {
  readonly flow: Flow;
  readonly turns = new ManualTurns();
  readonly holds: { cause: string; release: Release }[] = [];
  /** What emissions do, one after the other. */
  readonly atNext: ((model: FlowModel) => void)[] = [];
  subscribers = 0;
  ended = false;
  emitted = 0;
  /** Numbers of the bytes that have been emitted and not come back, in order. */
  readonly seen: number[] = [];
  private readonly waiting: number[][] = [];
  private readonly posts: number[][] = [];
  private readonly orders: Order[] = [];
  private outputBytes = 0;
  private above = false;
  private marks: FlowMarks;
  private readingAsked = false;
  private creditAsked = 0;
  private returnedBytes = 0;
  private saturatedTold = false;
  private releasing = false;
  private pumping = false;
  /** The reactor's own state. */
  private readonly reactor: { reading: boolean; posted: number; credited: number; high: number };

  constructor(marks: FlowMarks) {
    this.marks = marks;
    this.reactor = { reading: false, posted: 0, credited: 0, high: marks.read.high };
    this.flow = new Flow(
      {
        read: (on) => {
          must(on !== this.readingAsked, 'read() alternates and begins with true');
          this.readingAsked = on;
          this.orders.push({ read: on });
        },
        credit: (bytes) => {
          must(bytes > 0, 'credit is positive');
          this.creditAsked += bytes;
          must(this.creditAsked <= this.emitted, 'no credit for what was not emitted');
          this.orders.push({ credit: bytes });
        },
        saturated: () => {
          must(!this.saturatedTold, 'never saturated twice in a row');
          this.saturatedTold = true;
        },
        drained: () => {
          must(this.saturatedTold, 'drained only after saturated');
          this.saturatedTold = false;
        },
        resume: () => {
          must(this.holds.length === 0, 'no resume while held');
          must(!this.releasing, 'no resume inside a release');
          this.pump();
        },
        defer: this.turns.schedule,
      },
      marks,
    );
  }

  hold(cause: string): void {
    const release = this.flow.hold(cause);
    this.holds.push({ cause, release });
  }

  release(index: number, twice: boolean): void {
    const [held] = this.holds.splice(index % Math.max(1, this.holds.length), 1);
    this.releasing = true;
    held?.release();
    if (twice) held?.release();
    this.releasing = false;
  }

  subscribe(): void {
    this.subscribers += 1;
    this.flow.subscribe();
    if (!this.flow.source.waiting) this.flow.source.resumeLater();
  }

  unsubscribe(): void {
    if (this.subscribers === 0) return;
    this.subscribers -= 1;
    this.flow.unsubscribe();
  }

  end(): void {
    this.ended = true;
    this.flow.end();
  }

  output(outputBytes: number): void {
    this.outputBytes = outputBytes;
    this.expectSaturation();
    this.flow.output(outputBytes);
  }

  setMarks(marks: FlowMarks): void {
    this.marks = marks;
    this.orders.push({ high: marks.read.high });
    this.expectSaturation();
    this.flow.setMarks(marks, this.outputBytes);
  }

  /** Bytes emitted last come back unused. */
  unread(bytes: number): void {
    if (this.subscribers > 0 || this.pumping) return;
    const rest = this.seen.splice(Math.max(0, this.seen.length - bytes));
    if (rest.length === 0) return;
    this.waiting.unshift(rest);
    this.returnedBytes += rest.length;
    this.flow.returned(rest.length);
  }

  /** The peer has sent: the reactor posts what it has credit for. */
  peerSends(bytes: number): void {
    const { reactor } = this;
    if (!reactor.reading) return;
    const room = reactor.high - (reactor.posted - reactor.credited);
    const count = Math.min(bytes, room);
    if (count <= 0) return;
    this.posts.push(Array.from({ length: count }, (_, index) => reactor.posted + index));
    reactor.posted += count;
    must(reactor.posted - reactor.credited <= reactor.high, 'no more than high outstanding');
  }

  reactorObeys(count: number): void {
    for (const order of this.orders.splice(0, count)) {
      if ('read' in order) this.reactor.reading = order.read;
      else if ('credit' in order) this.reactor.credited += order.credit;
      else this.reactor.high = order.high;
      must(this.reactor.credited <= this.reactor.posted, 'no credit beyond what was posted');
    }
  }

  drainRing(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const post = this.posts.shift();
      if (post === undefined) return;
      this.flow.arrived(post.length);
      this.waiting.push(post);
      this.pump();
    }
  }

  check(): void {
    const { flow, holds } = this;
    must(flow.source.held === holds.length > 0, 'held while somebody holds, and only then');
    const causes = [...new Set(holds.map(({ cause }) => cause))].sort().join();
    must([...flow.source.heldBy].sort().join() === causes, 'heldBy names who holds');
    must(flow.saturated === this.above, 'saturated by hysteresis');
    must(this.saturatedTold === this.above, 'saturation was told');
    const waiting = this.waiting.reduce((sum, post) => sum + post.length, 0);
    must(flow.waitingBytes === waiting, 'waitingBytes is what waits');
    const demand = this.subscribers > 0 && !flow.source.held && !this.ended;
    must(!this.readingAsked || demand, 'no reading without demand');
    if (demand && !flow.source.waiting) must(this.readingAsked, 'reading on demand');
    this.seen.forEach((byte, index) => {
      must(byte === index, 'no byte lost, doubled or out of order');
    });
  }

  /** Everybody lets go and somebody listens: bytes must flow, more than all marks together. */
  checkLiveness(): void {
    this.atNext.length = 0;
    while (this.holds.length > 0) this.release(0, false);
    if (this.subscribers === 0) this.subscribe();
    const goal = this.seen.length + 10 * this.marks.read.high;
    for (let round = 0; this.seen.length < goal; round += 1) {
      must(round < 1000, 'a stopped reactor gets its credit');
      this.turns.runAll();
      this.reactorObeys(Infinity);
      this.peerSends(this.marks.read.high);
      this.drainRing(Infinity);
      this.check();
    }
  }

  /** Bytes in memory on their way to a subscriber. */
  get inFlight(): number {
    return this.reactor.posted - this.seen.length - this.returnedBytes;
  }

  private pump(): void {
    if (this.pumping) return;
    this.pumping = true;
    while (this.flow.emitting && this.waiting.length > 0) {
      must(this.holds.length === 0 && this.subscribers > 0, 'no emission while held');
      const post = this.waiting.shift()!;
      this.seen.push(...post);
      this.emitted += post.length;
      this.flow.emitted(post.length);
      this.atNext.shift()?.(this);
    }
    this.pumping = false;
  }

  private expectSaturation(): void {
    const { low, high } = this.marks.write;
    this.above = this.outputBytes > (this.above ? low : high);
  }
}

function must(condition: boolean, rule: string): void {
  if (!condition) throw new Error(`Broken: ${rule}`);
}
