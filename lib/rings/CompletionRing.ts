import { native } from '../native';

const { control } = native.layout;
const { recordWords: RECORD_WORDS } = native.layout.memory;

/**
 * The consumer side of the completion ring. Reading is plain; the head and the tail are the only
 * words that both threads touch.
 */
export class CompletionRing {
  private readonly mask: number;
  private head = 0;
  private published = 0;

  constructor(
    private readonly control: Int32Array,
    readonly words: Int32Array,
  ) {
    this.mask = words.length / RECORD_WORDS - 1;
  }

  /** How many records can be read now. */
  available(): number {
    return (Atomics.load(this.control, control.completionTail) - this.head) | 0;
  }

  /** Takes the next record: the index of its first word. It stays readable until {@link free}. */
  take(): number {
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
