import { native } from '../native';
import { PackedAddress } from './PackedAddress';
import { zoneName } from './zoneName';

const { completion, control } = native.layout;
const { recordWords: RECORD_WORDS, kindBits: KIND_BITS } = native.layout.memory;
const KIND_MASK = (1 << KIND_BITS) - 1;
const ZONED = native.layout.family.zoned;
const PORT_BITS = 16;
const PORT_MASK = (1 << PORT_BITS) - 1;

const NONE: readonly PackedAddress[] = [];

/**
 * The consumer side of the completion ring: the one decoder of records. Reading is plain; the head
 * and the tail are the only words that both threads touch.
 */
export class CompletionRing {
  // The record that has been taken last.
  kind = 0;
  aux = 0;
  id = 0;
  a = 0;
  b = 0;
  private readonly mask: number;
  private head = 0;
  private published = 0;

  constructor(
    private readonly control: Int32Array,
    private readonly words: Int32Array,
  ) {
    this.mask = words.length / RECORD_WORDS - 1;
  }

  /** How many records can be read now. */
  available(): number {
    return (Atomics.load(this.control, control.completionTail) - this.head) | 0;
  }

  /** How many records have been taken, modulo 2^32. */
  get taken(): number {
    return this.head;
  }

  /** Takes the next record and decodes it. */
  next(): void {
    const { words } = this;
    const index = this.take();
    const head = words[index] as number;
    this.kind = head & KIND_MASK;
    this.aux = head >>> KIND_BITS;
    this.id = words[index + 1] as number;
    this.a = words[index + 2] as number;
    this.b = words[index + 3] as number;
  }

  /** Takes the address records that stand behind the last one, if it has any: the peer's first. */
  addresses(): readonly PackedAddress[] {
    const { aux, b: ports, kind } = this;
    const accepted = kind === completion.accepted;
    if (!accepted && kind !== completion.bound && kind !== completion.connected) return NONE;
    const first = this.take();
    const second = accepted ? this.take() : -1;
    const zone = (aux & ZONED) === 0 ? '' : zoneName(this.words, this.take());
    const address = (index: number, port: number) =>
      new PackedAddress(aux & ~ZONED, port & PORT_MASK, this.words, index, zone);
    return accepted
      ? [address(first, ports >>> PORT_BITS), address(second, ports)]
      : [address(first, ports)];
  }

  /** The index of the next record's first word. The record stays readable until {@link free}. */
  private take(): number {
    const index = (this.head & this.mask) * RECORD_WORDS;
    this.head = (this.head + 1) | 0;
    return index;
  }

  /** Gives the places of all taken records back to the reactor. */
  free(): void {
    if (this.head === this.published) return;
    this.published = this.head;
    Atomics.store(this.control, control.completionHead, this.head);
  }

  /** Says that JavaScript stops looking. True if it may: nothing has come in between. */
  sleep(): boolean {
    Atomics.store(this.control, control.jsSleeps, 1);
    if (this.available() === 0) return true;
    // Either side may take the flag back; a signal that has been sent already does no harm.
    Atomics.store(this.control, control.jsSleeps, 0);
    return false;
  }
}
