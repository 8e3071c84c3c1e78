import type { Terminator } from './Terminator';

const LF_BYTE = 10;
const CR_CODE = 13;

/**
 * Decodes a run of whole frames at once, and cuts the frames from the string.
 *
 * One call into the decoder for many lines is what makes lines cheap. The run is short for two
 * reasons. V8 makes a slice of 13 or more characters a pointer into its parent, so one kept line
 * keeps the whole run alive: no more than 2 KiB. And a subscription that takes one line has
 * decoded 2 KiB in vain, not a chunk of 64 KiB.
 */
export class TextWindow {
  private readonly needle: number | Buffer;
  private readonly mark: string;
  private readonly optionalCr: boolean;
  private chunk: Buffer | undefined;
  private from = 0;
  private end = 0;
  private text = '';
  private position = 0;
  private framesRead = 0;

  /**
   * @param size - bytes of a run at most; no frame in it can be longer than that
   * @param keep - whether frames keep their terminator
   */
  constructor(
    terminator: Terminator,
    private readonly encoding: 'utf8' | 'latin1',
    readonly size: number,
    private readonly keep: boolean,
  ) {
    const { bytes } = terminator;
    this.needle = bytes.length === 1 ? (bytes[0] ?? LF_BYTE) : bytes;
    this.mark = bytes.toString(encoding);
    this.optionalCr = terminator.optionalCr;
  }

  /**
   * Cutting a string is the same as cutting bytes only where a terminator cannot come out of the
   * decoding of other bytes.
   */
  static suits(terminator: Terminator, encoding: 'utf8' | 'latin1'): boolean {
    if (terminator.anyRun) return false;
    return encoding === 'latin1' || terminator.bytes.every((byte) => byte < 0x80);
  }

  get open(): boolean {
    return this.chunk !== undefined;
  }

  /** The index in the chunk behind the frames that have been read. */
  get consumed(): number {
    if (this.position === this.text.length) return this.end;
    // One character for each byte: the run is ASCII or latin1.
    if (this.text.length === this.end - this.from) return this.from + this.position;
    let at = this.from;
    for (let count = this.framesRead; count > 0; count -= 1) {
      at = (this.chunk?.indexOf(this.needle, at) ?? 0) + this.mark.length;
    }
    return at;
  }

  /** @returns false when there is no whole frame in the run that begins at `from` */
  decode(chunk: Buffer, from: number): boolean {
    const limit = Math.min(chunk.length, from + this.size);
    const last = limit - this.mark.length;
    if (last < from) return false;
    // A chunk often ends with a terminator. That needs no search.
    const at = chunk[last] === this.needle ? last : chunk.lastIndexOf(this.needle, last);
    if (at < from) return false;
    this.chunk = chunk;
    this.from = from;
    this.end = at + this.mark.length;
    this.text = chunk.toString(this.encoding, from, this.end);
    this.position = 0;
    this.framesRead = 0;
    return true;
  }

  /** The next frame, or undefined when there is none: see {@link TextWindow.consumed}. */
  read(): string | undefined {
    const { text, position } = this;
    const at = text.indexOf(this.mark, position);
    if (at < 0) return undefined;
    this.position = at + this.mark.length;
    this.framesRead += 1;
    if (this.keep) return text.slice(position, this.position);
    const cr = this.optionalCr && text.charCodeAt(at - 1) === CR_CODE;
    return text.slice(position, cr ? at - 1 : at);
  }

  close(): void {
    this.chunk = undefined;
    this.text = '';
  }
}
