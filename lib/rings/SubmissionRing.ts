import { byteLengthOf, copyBytes } from '../common/bytes';
import { native, type NativeReactor } from '../native';
import { OutMemory, SHARED_BYTES } from './OutMemory';
import type { ReadArena } from './ReadArena';

const { control, submission, sendFileRequest } = native.layout;
const { recordWords: RECORD_WORDS, kindBits: KIND_BITS } = native.layout.memory;
const WRITE = submission.write;
const KIND_MASK = (1 << KIND_BITS) - 1;
/** Submissions whose first argument is a descriptor on its way. */
const WITH_DESCRIPTOR: readonly number[] = [submission.adopt, submission.fd, submission.discard];

/**
 * The producer side of the submission ring: the one encoder of records and payloads. Records are
 * shown to the reactor by {@link publish}; what finds no room waits here, in order, and the reactor
 * signals when there is some.
 */
export class SubmissionRing {
  readonly memory: OutMemory;
  private readonly capacity: number;
  private readonly mask: number;
  /** Records that have been pushed, published, announced and taken so far, modulo 2^32. */
  private pushed = 0;
  private tail = 0;
  private published = 0;
  private announced = 0;
  private head = 0;
  private waiting: number[] = [];
  /** How many words of `waiting` have gone to the ring. */
  private moved = 0;
  /** The index of a write record that has not been published and can still grow, or -1. */
  private growing = -1;

  constructor(
    private readonly control: Int32Array,
    private readonly words: Int32Array,
    private readonly arena: ReadArena,
    reactor: Pick<NativeReactor, 'lendMemory' | 'takeBack'>,
  ) {
    this.capacity = words.length / RECORD_WORDS;
    this.mask = this.capacity - 1;
    this.memory = new OutMemory(
      reactor,
      () => this.pushed,
      (sequence) => this.hasTaken(sequence),
    );
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
    this.pushed = (this.pushed + 1) | 0;
    const head = kind | (aux << KIND_BITS);
    if (this.waiting.length > 0 || !this.hasRoom()) this.waiting.push(head, id, a, b);
    else this.put(head, id, a, b);
  }

  /** Submits a record with bytes, which are the caller's again when this returns. */
  pushBytes(kind: number, id: number, payload: Uint8Array): number {
    const bytes = byteLengthOf(payload);
    const borrowed = this.arena.offsetOf(payload);
    if (borrowed >= 0) {
      this.push(kind, 0, id, borrowed, bytes);
      this.arena.keep();
    } else if (bytes > SHARED_BYTES) {
      this.push(kind, this.memory.large(payload), id, 0, bytes);
    } else {
      copyBytes(payload, this.memory.reserve(bytes), this.memory.offset);
      this.pushCopied(kind, id, bytes);
    }
    return bytes;
  }

  /** Submits text. Returns its length in bytes. */
  pushText(id: number, text: string, encoding: BufferEncoding): number {
    const most = encoding === 'latin1' || encoding === 'ascii' ? text.length : text.length * 3;
    if (most === 0) return 0;
    if (most > SHARED_BYTES) return this.pushBytes(WRITE, id, Buffer.from(text, encoding));
    const bytes = this.memory.reserve(most).write(text, this.memory.offset, encoding);
    this.pushCopied(WRITE, id, bytes);
    return bytes;
  }

  /** Shows all records to the reactor, as far as there is room. */
  publish(): void {
    this.growing = -1;
    this.moveWaiting();
    if (this.waiting.length > 0) {
      Atomics.store(this.control, control.jsWantsRoom, 1);
      // The reactor may have given room before it could see the word.
      this.moveWaiting();
    }
    if (this.tail === this.published) return;
    this.published = this.tail;
    Atomics.store(this.control, control.submissionTail, this.tail);
  }

  /** The descriptors on their way of what {@link publish} found no room for. */
  *unpublishedDescriptors(): Generator<number> {
    for (let index = this.moved; index < this.waiting.length; index += RECORD_WORDS) {
      const [head = 0, , a = 0] = this.waiting.slice(index, index + RECORD_WORDS);
      const kind = head & KIND_MASK;
      if (WITH_DESCRIPTOR.includes(kind)) yield a;
      if (kind === submission.sendFile)
        yield this.memory.wordAt(head >>> KIND_BITS, a + sendFileRequest.fd);
    }
  }

  private moveWaiting(): void {
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
  }

  /** Writes of one connection that follow each other become one record, and one system call. */
  private pushCopied(kind: number, id: number, bytes: number): void {
    const { words, growing } = this;
    const { offset } = this.memory;
    const piece = this.memory.commit(bytes);
    if (
      growing >= 0 &&
      words[growing + 1] === id &&
      words[growing] === (kind | (piece << KIND_BITS))
    ) {
      const start = words[growing + 2] as number;
      const length = words[growing + 3] as number;
      if (start + length === offset) {
        words[growing + 3] = length + bytes;
        return;
      }
    }
    const index = (this.tail & this.mask) * RECORD_WORDS;
    const before = this.tail;
    this.push(kind, piece, id, offset, bytes);
    if (kind === WRITE && this.tail !== before) this.growing = index;
  }

  private hasTaken(sequence: number): boolean {
    if (((this.head - sequence) | 0) >= 0) return true;
    this.head = Atomics.load(this.control, control.submissionHead);
    return ((this.head - sequence) | 0) >= 0;
  }

  private hasRoom(): boolean {
    return this.hasTaken(this.tail - this.capacity + 1);
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
