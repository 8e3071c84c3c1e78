import { copyBytes } from '../common/bytes';
import { native } from '../native';
import type { OutSlab } from './OutSlab';
import type { Pins } from './Pins';
import { SpillSlabs } from './SpillSlabs';

const { control, submission } = native.layout;
const WRITE = submission.write;
const RECORD_WORDS = 4;
const KIND_BITS = 8;

/**
 * Payloads of this size and above go by reference. Measured with `bench`, scenario `echo`: below,
 * copying costs less than pinning a buffer.
 */
const REFERENCE_BYTES = 16384;

/**
 * The producer side of the submission ring. Records are shown to the reactor by {@link publish};
 * what finds no room waits here, in order.
 */
export class SubmissionRing {
  private readonly capacity: number;
  private readonly mask: number;
  private tail = 0;
  private published = 0;
  private announced = 0;
  private head = 0;
  private waiting: number[] = [];
  /** How many words of `waiting` have gone to the ring. */
  private moved = 0;
  private readonly spill: SpillSlabs;
  /** The index of a write record that has not been published and can still grow, or -1. */
  private growing = -1;

  constructor(
    private readonly control: Int32Array,
    private readonly words: Int32Array,
    private readonly outSlab: OutSlab,
    private readonly pins: Pins,
  ) {
    this.capacity = words.length / RECORD_WORDS;
    this.mask = this.capacity - 1;
    this.spill = new SpillSlabs(pins);
  }

  /** True while records wait for room. */
  get hasWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** True, once, when records have been published that the reactor may have to be woken for. */
  announce(): boolean {
    if (this.announced === this.published) return false;
    this.announced = this.published;
    return true;
  }

  push(kind: number, aux: number, id: number, a: number, b: number): void {
    this.growing = -1;
    const head = kind | (aux << KIND_BITS);
    if (this.waiting.length > 0 || !this.hasRoom()) this.waiting.push(head, id, a, b);
    else this.put(head, id, a, b);
  }

  lend(pin: number, bytes: number): void {
    this.push(submission.lend, pin, 0, bytes, 0);
  }

  /** Submits a record with bytes of any size: copied if they are few, by reference otherwise. */
  pushPayload(kind: number, id: number, payload: Uint8Array): void {
    const bytes = payload.length;
    if (bytes >= REFERENCE_BYTES) {
      this.push(kind, this.pins.pin(payload) + 1, id, 0, bytes);
      return;
    }
    const offset = this.outSlab.reserve(bytes);
    if (offset >= 0) {
      copyBytes(payload, this.outSlab.bytes, offset);
      this.outSlab.commit(offset, bytes);
      this.pushCopied(kind, 0, id, offset, bytes);
    } else {
      const place = this.spill.reserve(bytes);
      copyBytes(payload, place.bytes, place.offset);
      this.spill.commit(bytes);
      this.pushCopied(kind, place.pin + 1, id, place.offset, bytes);
    }
  }

  /** Submits text. Returns its length in bytes. */
  pushText(id: number, text: string, encoding: BufferEncoding): number {
    const most = encoding === 'latin1' || encoding === 'ascii' ? text.length : text.length * 3;
    if (most >= REFERENCE_BYTES) {
      const payload = Buffer.from(text, encoding);
      this.pushPayload(WRITE, id, payload);
      return payload.length;
    }
    if (most === 0) return 0;
    const offset = this.outSlab.reserve(most);
    if (offset >= 0) {
      const bytes = this.outSlab.bytes.write(text, offset, encoding);
      this.outSlab.commit(offset, bytes);
      this.pushCopied(WRITE, 0, id, offset, bytes);
      return bytes;
    }
    const place = this.spill.reserve(most);
    const bytes = place.bytes.write(text, place.offset, encoding);
    this.spill.commit(bytes);
    this.pushCopied(WRITE, place.pin + 1, id, place.offset, bytes);
    return bytes;
  }

  /** Shows all records to the reactor, as far as there is room. */
  publish(): void {
    this.growing = -1;
    const { waiting } = this;
    while (this.moved < waiting.length && this.hasRoom()) {
      const { moved } = this;
      this.put(
        waiting[moved] as number,
        waiting[moved + 1] as number,
        waiting[moved + 2] as number,
        waiting[moved + 3] as number,
      );
      this.moved += RECORD_WORDS;
    }
    // Emptied in one go: many may wait, and cutting a piece off moves all of them.
    if (this.moved === waiting.length && this.moved > 0) {
      this.waiting = [];
      this.moved = 0;
    }
    if (this.tail === this.published) return;
    this.published = this.tail;
    Atomics.store(this.control, control.submissionTail, this.tail);
  }

  /** What {@link publish} found no room for. */
  *unpublished(): Generator<{ readonly kind: number; readonly a: number }> {
    for (let index = this.moved; index < this.waiting.length; index += RECORD_WORDS) {
      const [head = 0, , a = 0] = this.waiting.slice(index, index + RECORD_WORDS);
      yield { kind: head & 0xff, a };
    }
  }

  /** Writes of one connection that follow each other become one record, and one system call. */
  private pushCopied(kind: number, aux: number, id: number, offset: number, bytes: number): void {
    const { words, growing } = this;
    const head = kind | (aux << KIND_BITS);
    if (growing >= 0 && words[growing + 1] === id && words[growing] === head) {
      const start = words[growing + 2] as number;
      const length = words[growing + 3] as number;
      if (start + length === offset) {
        words[growing + 3] = length + bytes;
        return;
      }
    }
    if (aux > 0) this.pins.use(aux - 1);
    const index = (this.tail & this.mask) * RECORD_WORDS;
    const before = this.tail;
    this.push(kind, aux, id, offset, bytes);
    if (kind === WRITE && this.tail !== before) this.growing = index;
  }

  private hasRoom(): boolean {
    if (((this.tail - this.head) | 0) < this.capacity) return true;
    this.head = Atomics.load(this.control, control.submissionHead);
    return ((this.tail - this.head) | 0) < this.capacity;
  }

  private put(head: number, id: number, a: number, b: number): void {
    const { words } = this;
    const index = (this.tail & this.mask) * RECORD_WORDS;
    words[index] = head;
    words[index + 1] = id;
    words[index + 2] = a;
    words[index + 3] = b;
    this.tail = (this.tail + 1) | 0;
  }
}
