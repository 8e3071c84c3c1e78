import type { LibeventError } from '../common/LibeventError';
import { Queue } from '../flow/Queue';
import { laterTurn } from '../flow/laterTurn';

/** What {@link TlsInput} asks of its transport. */
export interface TlsInputOwner {
  onInput(chunk: Buffer): void;
  /** Everything in front of it has been taken. */
  onInputEnd(error: LibeventError | undefined): void;
  /** What may be read has changed. */
  onDemand(): void;
}

/** The plaintext input of a session by `node:tls`: passes on what is wanted, as far as there is credit. */
export class TlsInput {
  private readonly waiting = new Queue<Buffer>();
  private head: Buffer | undefined;
  private wanted = false;
  private outstanding = 0;
  private passing = false;
  private ending: { readonly error: LibeventError | undefined } | undefined;
  private state: 'open' | 'reported' | 'stopped' = 'open';

  constructor(
    private high: number,
    private readonly owner: TlsInputOwner,
  ) {}

  /** Whether more should be received. */
  get demands(): boolean {
    return this.passes && !this.waits && this.ending === undefined;
  }

  /** Something has been decrypted and not been taken. */
  get waits(): boolean {
    return this.head !== undefined || this.waiting.length > 0;
  }

  get ended(): boolean {
    return this.ending !== undefined;
  }

  read(on: boolean): void {
    this.wanted = on;
    this.changed();
  }

  credit(bytes: number): void {
    this.outstanding -= bytes;
    this.changed();
  }

  set highBytes(bytes: number) {
    this.high = bytes;
    this.changed();
  }

  /** @param chunk - the input's from here on */
  add(chunk: Buffer): void {
    if (this.state !== 'open' || this.ended) return;
    this.waiting.push(chunk);
    this.pass();
  }

  /** Nothing follows. */
  end(error: LibeventError | undefined): void {
    this.ending ??= { error };
    this.owner.onDemand();
    this.pass();
  }

  /** Nobody is to hear of it any more. */
  stop(): void {
    this.state = 'stopped';
    this.head = undefined;
    this.waiting.clear();
  }

  private get passes(): boolean {
    return this.state === 'open' && this.wanted && this.outstanding < this.high;
  }

  private changed(): void {
    this.owner.onDemand();
    if (!this.waits && !this.ended) return;
    laterTurn(() => {
      this.pass();
    });
  }

  private pass(): void {
    if (this.passing) return;
    this.passing = true;
    try {
      while (this.passes) {
        const next = this.head ?? this.waiting.shift();
        if (next === undefined) break;
        const part = next.subarray(0, this.high - this.outstanding);
        this.head = part.length < next.length ? next.subarray(part.length) : undefined;
        this.outstanding += part.length;
        this.owner.onInput(part);
      }
    } finally {
      this.passing = false;
    }
    if (this.state === 'open' && this.ending !== undefined && !this.waits) {
      this.state = 'reported';
      this.owner.onInputEnd(this.ending.error);
    }
    this.owner.onDemand();
  }
}
