import { Input } from '../../../lib/connection/Input';
import type { Transport } from '../../../lib/connection/Transport';
import { Intake } from '../../../lib/flow/Intake';
import type { Release } from '../../../lib/flow/Source';
import type { Watermarks } from '../../../lib/flow/Watermarks';
import { ManualTurns } from '../../flow/support/ManualTurns';

type Order = { read: boolean } | { credit: number } | { high: number };

/** The reading half of a transport, and nothing else. */
export function readingTransport(
  reading: Pick<Transport, 'read' | 'credit' | 'readHigh'>,
): Transport {
  return reading as Transport;
}

/**
 * A reactor that obeys late, around an {@link Input}: what it posts and what it is asked for cross
 * rings, and each side looks at its ring when the spec says so. Breaking a rule of flow control
 * throws. Bytes are numbered, modulo 256; no chunk is as long as that.
 */
export class InputModel {
  readonly input: Input;
  readonly turns = new ManualTurns().install();
  readonly holds: { cause: string; release: Release }[] = [];
  /** What emissions do, one after the other. */
  readonly atNext: ((model: InputModel) => void)[] = [];
  readonly readers: Intake<Uint8Array>[] = [];
  ended = false;
  /** Bytes that have been emitted and not come back. */
  seen = 0;
  private arrived = 0;
  private emitted = 0;
  private returnedBytes = 0;
  private emitting = false;
  private readonly posts: Buffer[] = [];
  private readonly orders: Order[] = [];
  private readingAsked = false;
  private creditAsked = 0;
  private releasing = false;
  /** The reactor's own state. */
  private readonly reactor: { reading: boolean; posted: number; credited: number; high: number };

  constructor(private marks: Watermarks) {
    this.reactor = { reading: false, posted: 0, credited: 0, high: marks.high };
    this.input = new Input(
      readingTransport({
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
        readHigh: (bytes) => {
          this.orders.push({ high: bytes });
        },
      }),
      marks,
      {
        observer: undefined,
        onHoldsChanged: () => undefined,
        onInputEnded: () => undefined,
        keepOpen: () => () => undefined,
      },
    );
  }

  dispose(): void {
    this.turns.remove();
  }

  hold(cause: string): void {
    const release = this.input.source.hold(cause);
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
    const reader = new Intake<Uint8Array>({
      next: (chunk) => {
        this.onNext(chunk);
      },
      error: () => undefined,
      complete: () => undefined,
    });
    this.readers.push(reader);
    this.input.subscribe(reader);
  }

  unsubscribe(): void {
    this.readers.shift()?.unsubscribe();
  }

  end(): void {
    if (this.ended) return;
    this.drainRing(Infinity);
    this.ended = true;
    this.input.end(undefined);
  }

  setMarks(marks: Watermarks): void {
    this.marks = marks;
    this.input.marks = marks;
  }

  /** Bytes emitted last come back unused. */
  unread(bytes: number): void {
    if (this.readers.length > 0 || this.emitting || this.input.ended) return;
    const count = Math.min(bytes, this.seen);
    if (count === 0) return;
    this.seen -= count;
    this.returnedBytes += count;
    must(this.input.unread(numbered(this.seen, count)), 'bytes may come back');
  }

  /** The peer has sent: the reactor posts what it has credit for. */
  peerSends(bytes: number): void {
    const { reactor } = this;
    if (!reactor.reading || this.ended) return;
    const room = reactor.high - (reactor.posted - reactor.credited);
    const count = Math.min(bytes, room);
    if (count <= 0) return;
    this.posts.push(numbered(reactor.posted, count));
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
      this.arrived += post.length;
      this.input.receive(post);
      // The transport uses the memory again.
      post.fill(255);
    }
  }

  check(): void {
    const { input, holds } = this;
    must(input.source.held === holds.length > 0, 'held while somebody holds, and only then');
    const causes = [...new Set(holds.map(({ cause }) => cause))].sort().join();
    must([...input.source.heldBy].sort().join() === causes, 'heldBy names who holds');
    must(input.waitingBytes === this.arrived - this.seen, 'waitingBytes is what waits');
    const demand = this.readers.length > 0 && !input.source.held && !this.ended;
    must(!this.readingAsked || demand, 'no reading without demand');
    if (demand && !input.source.waiting) must(this.readingAsked, 'reading on demand');
  }

  /** Everybody releases and somebody listens: bytes must flow, more than all marks together. */
  checkLiveness(): void {
    this.atNext.length = 0;
    while (this.holds.length > 0) this.release(0, false);
    if (this.readers.length === 0) this.subscribe();
    const goal = this.seen + 10 * this.marks.high;
    for (let round = 0; this.seen < goal; round += 1) {
      must(round < 1000, 'a stopped reactor gets its credit');
      this.turns.runAll();
      this.reactorObeys(Infinity);
      this.peerSends(this.marks.high);
      this.drainRing(Infinity);
      this.check();
    }
  }

  /** Bytes in memory on their way to a subscriber. */
  get inFlight(): number {
    return this.reactor.posted - this.seen - this.returnedBytes;
  }

  private onNext(chunk: Uint8Array): void {
    // Another reader of the same chunk.
    const again = chunk[0] !== (this.seen & 255);
    const first = again ? this.seen - chunk.length : this.seen;
    must(
      Buffer.compare(chunk, numbered(first, chunk.length)) === 0,
      'no byte lost, doubled or out of order',
    );
    if (again) return;
    must(!this.input.source.held, 'no emission while held');
    must(!this.releasing, 'no emission inside a release');
    this.seen += chunk.length;
    this.emitted += chunk.length;
    this.emitting = true;
    this.atNext.shift()?.(this);
    this.emitting = false;
  }
}

function numbered(first: number, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => (first + index) & 255));
}

function must(condition: boolean, rule: string): void {
  if (!condition) throw new Error(`Broken: ${rule}`);
}
