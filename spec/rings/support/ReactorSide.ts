import { native } from '../../../lib/native';
import { ReadArena } from '../../../lib/rings/ReadArena';
import { SubmissionRing } from '../../../lib/rings/SubmissionRing';
import { LentMemory } from './LentMemory';

const { control: words, memory, submission } = native.layout;
const { recordWords, releaseBit, arenaBlocks, arenaBlockBytes } = memory;

/** A record as the reactor sees it, with a copy of the bytes that it names. */
export interface TakenRecord {
  readonly kind: number;
  readonly id: number;
  readonly a: number;
  readonly b: number;
  readonly payload: Buffer;
}

const NOTHING = Buffer.alloc(0);

/**
 * A submission ring with the reactor's part played in memory, after native/ring.h, lent_memory.h and
 * reactor_submissions.cc. Large payloads wait in an output: the reactor reads them again when they
 * are sent, long after their record has been taken.
 */
export class ReactorSide {
  readonly control = new Int32Array(words.controlWords);
  readonly arena = new ReadArena(this.control);
  readonly lent = new LentMemory();
  readonly ring: SubmissionRing;
  /** What has been taken and not sent yet: where it stands, and what it was when it was taken. */
  readonly unsent: { readonly piece: number; readonly was: Buffer }[] = [];
  /** How often JavaScript was signalled that there is room again. */
  signals = 0;
  private readonly records: Int32Array;
  private readonly returned = new Int32Array(arenaBlocks);
  private head = 0;

  /** @param start - how many records, and writes from each block, have gone through so far */
  constructor(capacity: number, start = 0) {
    this.records = new Int32Array(capacity * recordWords);
    this.control.fill(start, words.borrowed, words.borrowed + arenaBlocks);
    this.returned.fill(start);
    this.ring = new SubmissionRing(this.control, this.records, this.arena, this.lent);
    this.moveTo(start);
  }

  /** As if `count` more submissions had come and gone, none of which has bytes. */
  skip(count: number): void {
    this.moveTo((this.head + count) | 0);
  }

  /** Records that the reactor could take now. */
  get visible(): number {
    return (Atomics.load(this.control, words.submissionTail) - this.head) | 0;
  }

  /** One turn: gives room, and signals if JavaScript waits for it. */
  take(most = Infinity): TakenRecord[] {
    const taken: TakenRecord[] = [];
    for (let count = Math.min(most, this.visible); count > 0; count -= 1) {
      taken.push(this.takeOne());
    }
    if (taken.length === 0) return taken;
    Atomics.store(this.control, words.submissionHead, this.head);
    if (Atomics.exchange(this.control, words.jsWantsRoom, 0) !== 0) this.signals += 1;
    return taken;
  }

  /** Sends the oldest payloads that wait, and posts what gives their memory back. */
  send(count: number): void {
    for (const { piece, was } of this.unsent.splice(0, count)) {
      if (!this.lent.bytesOf(piece).equals(was)) throw new Error('changed while it waits');
      this.ring.memory.release(piece);
    }
  }

  /** Whether the reactor may fill a block of the read arena, all of which JavaScript has handled. */
  mayFill(block: number): boolean {
    return Atomics.load(this.control, words.borrowed + block) === this.returned[block];
  }

  private moveTo(position: number): void {
    this.head = position;
    this.control[words.submissionTail] = position;
    this.control[words.submissionHead] = position;
    Object.assign(this.ring, {
      pushed: position,
      tail: position,
      published: position,
      announced: position,
      head: position,
    });
  }

  private takeOne(): TakenRecord {
    const { records } = this;
    const at = (this.head & (records.length / recordWords - 1)) * recordWords;
    this.head = (this.head + 1) | 0;
    const [head = 0, id = 0, a = 0, b = 0] = records.subarray(at, at + recordWords);
    const kind = head & 0xff;
    if (kind !== submission.write && kind !== submission.listen) {
      return { kind, id, a, b, payload: NOTHING };
    }
    const aux = head >>> 8;
    const piece = aux & ~releaseBit;
    const bytes = piece === 0 ? this.arena.bytes : this.lent.bytesOf(piece);
    if (a < 0 || b < 0 || a + b > bytes.length) throw new Error('no such bytes');
    const payload = Buffer.from(bytes.subarray(a, a + b));
    if (aux !== piece) {
      if (a !== 0 || b !== bytes.length) throw new Error('a part of a piece of its own');
      this.unsent.push({ piece, was: payload });
    } else if (piece === 0) {
      const block = Math.floor(a / arenaBlockBytes);
      this.returned[block] = (this.returned[block] ?? 0) + 1;
    }
    return { kind, id, a, b, payload };
  }
}

/** The bytes of a block of the read arena. */
export function blockOf(arena: ReadArena, block: number): Buffer {
  if (block >= arenaBlocks) throw new Error('no such block');
  return arena.bytes.subarray(block * arenaBlockBytes, (block + 1) * arenaBlockBytes);
}
