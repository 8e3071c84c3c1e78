import { native, type NativeReactor } from '../../../lib/native';
import { OutSlab } from '../../../lib/rings/OutSlab';
import { Pins } from '../../../lib/rings/Pins';
import { SubmissionRing } from '../../../lib/rings/SubmissionRing';

const { control: words, submission } = native.layout;
const RECORD_WORDS = 4;

/** A record as the reactor sees it, with a copy of the bytes that it names. */
export interface TakenRecord {
  readonly kind: number;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly payload: Buffer;
}

/** A submission ring with the reactor's part played in memory, after native/ring.h and reactor.cc. */
export class ReactorSide {
  readonly control = new Int32Array(words.count);
  readonly ring: SubmissionRing;
  readonly pinned = new Map<number, Uint8Array>();
  /** Pins that the reactor has done with, and not yet given back. */
  readonly done: number[] = [];
  private readonly records: Int32Array;
  private readonly outSlab: OutSlab;
  private readonly pins: Pins;
  private head = 0;

  constructor(capacity: number, outSlabBytes: number) {
    this.records = new Int32Array(capacity * RECORD_WORDS);
    this.outSlab = new OutSlab(this.control, outSlabBytes);
    this.pins = new Pins({
      pin: (index: number, view: Uint8Array) => {
        if (this.pinned.has(index)) throw new Error('pinned twice');
        this.pinned.set(index, view);
      },
      unpin: (index: number) => {
        if (!this.pinned.delete(index)) throw new Error('unpinned twice');
      },
    } as unknown as NativeReactor);
    this.ring = new SubmissionRing(this.control, this.records, this.outSlab, this.pins);
  }

  /** Records that the reactor could take now. */
  get visible(): number {
    return (Atomics.load(this.control, words.submissionTail) - this.head) | 0;
  }

  take(most = Infinity): TakenRecord[] {
    const taken: TakenRecord[] = [];
    for (let count = Math.min(most, this.visible); count > 0; count -= 1)
      taken.push(this.takeOne());
    Atomics.store(this.control, words.submissionHead, this.head);
    return taken;
  }

  /** The completion that gives a pin back. */
  release(index: number): void {
    this.pins.release(index);
  }

  private takeOne(): TakenRecord {
    const { records } = this;
    const at = (this.head & (records.length / RECORD_WORDS - 1)) * RECORD_WORDS;
    this.head = (this.head + 1) | 0;
    const [head = 0, id = 0, a = 0, b = 0] = records.subarray(at, at + RECORD_WORDS);
    const kind = head & 0xff;
    const pin = head >>> 8;
    if (kind !== submission.write && kind !== submission.listen) {
      return { kind, id, a, b, payload: Buffer.alloc(0) };
    }
    const memory = pin === 0 ? this.outSlab.bytes : this.pinned.get(pin - 1);
    if (memory === undefined || a < 0 || a + b > memory.length) throw new Error('no such bytes');
    const payload = Buffer.from(memory.subarray(a, a + b));
    if (pin === 0) Atomics.store(this.control, words.outTail, a + b);
    else this.done.push(pin - 1);
    return { kind, id, a, b, payload };
  }
}
