import type { LibeventError } from '../common/LibeventError';
import { Queue } from '../flow/Queue';
import { laterTurn } from '../flow/laterTurn';

/** What {@link TlsInput} asks of its transport. */
export interface TlsInputOwner {
  onInput(chunk: Buffer): void;
  /** Everything in front of it has been taken. */
  onInputEnd(error: LibeventError | undefined): void;
  /** The peer has gone, and something that it has sent waits. Once for its end, once for an error. */
  onInputHangup(error: LibeventError | undefined): void;
  /** What may be read has changed. */
  onDemand(): void;
}

/**
 * The plaintext input of a session by `node:tls`: passes on what is wanted, as far as there is credit,
 * and its end behind that.
 */
export class TlsInput {
  private readonly waiting = new Queue<Buffer>();
  private head: Buffer | undefined;
  private wanted = false;
  private outstanding = 0;
  private passing = false;
  private ending: { readonly error: LibeventError | undefined } | undefined;
  private state: 'open' | 'reported' | 'stopped' = 'open';
  /** Probing: the peer has gone, and what is received says whether anything is in front of that. */
  private hangup: 'none' | 'probing' | 'reported' = 'none';
  private hangupError: LibeventError | undefined;

  constructor(
    private high: number,
    private readonly owner: TlsInputOwner,
  ) {}

  /** Whether more should be received. */
  get demands(): boolean {
    const wanted = this.hangup === 'probing' || this.passes;
    return this.state === 'open' && wanted && !this.waits && !this.ended;
  }

  /** Something has been decrypted and not been taken. */
  get waits(): boolean {
    return this.head !== undefined || this.waiting.length > 0;
  }

  /** Nothing follows what has been decrypted. */
  get ended(): boolean {
    return this.ending !== undefined;
  }

  /** It has ended without close_notify. */
  get cut(): boolean {
    return this.ending?.error !== undefined;
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
    if (this.hangup === 'probing') this.hangUp(undefined);
  }

  /** Nothing follows. */
  end(error: LibeventError | undefined): void {
    this.ending ??= { error };
    this.owner.onDemand();
    this.pass();
  }

  /**
   * The peer has gone.
   *
   * @param error - undefined where it has ended
   */
  hangUp(error: LibeventError | undefined): void {
    if (this.state !== 'open' || (this.ended && !this.waits)) return;
    if (error === undefined && !this.waits) {
      if (this.hangup === 'none') this.hangup = 'probing';
      this.owner.onDemand();
      return;
    }
    if (this.hangup === 'reported' && this.hangupError?.code === error?.code) return;
    this.hangup = 'reported';
    this.hangupError = error;
    this.owner.onInputHangup(error);
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
