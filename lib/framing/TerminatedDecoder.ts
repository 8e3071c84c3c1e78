import { LibeventError } from '../common/LibeventError';
import { findBytes } from '../common/bytes';
import type { BorrowingDecoder } from './FrameDecoder';
import { FrameInput } from './FrameInput';
import type { TerminatedConfig } from './TerminatedConfig';
import type { Terminator } from './Terminator';

const LF = 10;
const CR = 13;

/** Frames decoded ahead, many at once: {@link TextWindow}. */
export interface FrameWindow<T> {
  readonly size: number;
  readonly open: boolean;
  readonly consumed: number;
  decode(chunk: Buffer, from: number): boolean;
  read(): T | undefined;
  close(): void;
}

/** {@link TerminatedConfig}, checked and with everything filled in. */
export interface TerminatedRules<T> extends Required<Omit<TerminatedConfig, 'encoding'>> {
  readonly terminator: Terminator;
  /** Whether frames keep their terminator. */
  readonly keep: boolean;
  /** Makes a frame of bytes. */
  readonly decode: (input: FrameInput, from: number, to: number) => T;
  /** Whether a piece must not end within a UTF-8 character. */
  readonly wholeCharacters: boolean;
}

/** Cuts bytes at terminators. */
export class TerminatedDecoder<T> implements BorrowingDecoder<T> {
  private readonly input = new FrameInput();
  private readonly needle: number | Buffer;
  private readonly markBytes: number;
  /** Unfinished bytes at the end that may turn out to be a part of the terminator. */
  private readonly slack: number;
  /** Where the next terminator begins in the chunk, its length if there is none, -1 if unknown. */
  private found = -1;
  /** True after a line of `'any'`, until the first byte that is neither CR nor LF. */
  private skipping = false;

  /**
   * @param window - a way to decode many short frames at once, if there is one
   */
  constructor(
    private readonly rules: TerminatedRules<T>,
    private readonly window?: FrameWindow<T>,
  ) {
    const { bytes, optionalCr } = rules.terminator;
    this.needle = bytes.length === 1 ? (bytes[0] ?? LF) : bytes;
    this.markBytes = bytes.length;
    this.slack = optionalCr ? 1 : bytes.length - 1;
  }

  get unusedBytes(): number {
    this.settle();
    return this.input.unusedBytes;
  }

  takeUnused(): Buffer {
    this.settle();
    return this.input.takeUnused();
  }

  write(chunk: Buffer): void {
    this.input.write(chunk);
    this.found = -1;
  }

  keep(): void {
    this.settle();
    this.window?.close();
    this.input.own();
  }

  read(): T | undefined {
    const { input, window } = this;
    if (window !== undefined) {
      if (window.open || this.openWindow(window)) {
        const frame = window.read();
        if (frame !== undefined) return frame;
        input.position = window.consumed;
        window.close();
        if (this.openWindow(window)) return window.read();
      }
    }
    if (this.skipping) this.skip();
    if (input.position < input.chunk.length) return this.readOne();
    input.keep();
    return undefined;
  }

  end(): T | undefined {
    const { input, rules } = this;
    const length = input.unusedBytes;
    if (length === 0) return undefined;
    if (length > rules.maxLength) return this.tooLong();
    if (rules.whenUnfinished === 'error') {
      const { frame } = rules.terminator;
      throw new LibeventError('ERR_FRAME_TRUNCATED', 'read', {
        detail: `the input ended after ${String(length)} bytes of a ${frame} that has no end`,
        length,
      });
    }
    const tail = this.use(length, length);
    return rules.whenUnfinished === 'emit' ? tail : undefined;
  }

  private openWindow(window: FrameWindow<T>): boolean {
    const { input } = this;
    const { chunk, position } = input;
    if (input.carried > 0 || position === chunk.length) return false;
    // The next terminator is known, and lies beyond the window.
    if (this.found >= position && this.found + this.markBytes > position + window.size) {
      return false;
    }
    return window.decode(chunk, position);
  }

  private readOne(): T | undefined {
    const { input, rules } = this;
    const { keep, maxLength, terminator } = rules;
    const at = this.find();
    let length = at < 0 ? input.unusedBytes : at;
    if (terminator.optionalCr && at > 0 && input.byteAt(at - 1) === CR) length -= 1;
    if (length > maxLength + (at < 0 ? this.slack : 0)) return this.tooLong();
    if (at < 0) {
      input.keep();
      return undefined;
    }
    const end = at + this.markBytes;
    const frame = this.use(keep ? end : length, end);
    if (terminator.anyRun) {
      this.skipping = true;
      this.skip();
    }
    return frame;
  }

  /** Where the next terminator begins, counted in unused bytes, or -1. */
  private find(): number {
    const { input } = this;
    const { carried, chunk, position } = input;
    if (carried > 0 && this.markBytes > 1) {
      // It may begin in what was left over: look at both sides of the seam.
      const before = Math.max(carried - this.markBytes + 1, 0);
      const seam = Buffer.concat([
        input.carry.subarray(before, carried),
        chunk.subarray(position, position + this.markBytes - 1),
      ]);
      const at = seam.indexOf(this.needle);
      if (at >= 0) return before + at;
    }
    if (this.found < position) {
      const at = this.search(chunk, position);
      this.found = at < 0 ? chunk.length : at;
    }
    return this.found === chunk.length ? -1 : carried + this.found - position;
  }

  private search(chunk: Buffer, from: number): number {
    if (!this.rules.terminator.anyRun) return findBytes(chunk, this.needle, from);
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === LF || byte === CR) return at;
    }
    return -1;
  }

  private skip(): void {
    const { input } = this;
    while (input.position < input.chunk.length) {
      const byte = input.chunk[input.position];
      if (byte !== LF && byte !== CR) {
        this.skipping = false;
        return;
      }
      input.position += 1;
    }
  }

  private tooLong(): T {
    const { input, rules } = this;
    const { maxLength, terminator } = rules;
    if (rules.whenTooLong === 'error') {
      throw new LibeventError('ERR_FRAME_TOO_LONG', 'read', {
        detail: `a ${terminator.frame} is longer than maxLength, ${String(maxLength)} bytes`,
        length: maxLength + 1,
        limit: maxLength,
      });
    }
    let length = maxLength;
    if (rules.wholeCharacters) {
      const least = Math.max(maxLength - 3, 1);
      while (length > least && (input.byteAt(length) & 0xc0) === 0x80) length -= 1;
      if ((input.byteAt(length) & 0xc0) === 0x80) length = maxLength;
    }
    return this.use(length, length);
  }

  /** Takes `bytes` out and makes a frame of the first `shown` of them. */
  private use(shown: number, bytes: number): T {
    const { input } = this;
    input.use(bytes);
    return this.rules.decode(input, input.usedFrom, input.usedFrom + shown);
  }

  private settle(): void {
    const { window } = this;
    if (window?.open === true) this.input.position = window.consumed;
  }
}
