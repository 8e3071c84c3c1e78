import { StringDecoder } from 'node:string_decoder';
import { LibeventError } from '../common/LibeventError';
import type { BorrowingDecoder } from '../framing/FrameDecoder';

/** More digits than the longest string has. */
const MOST_DIGITS = 12;

/**
 * Packets of Nest's TCP transport: `LENGTH#JSON`, where the length counts UTF-16 units of the text and
 * not its bytes.
 *
 * @see Nest's `JsonSocket`
 */
export class PacketDecoder implements BorrowingDecoder<object> {
  private readonly utf8 = new StringDecoder('utf8');
  private text = '';
  private at = 0;
  /** Of the packet that has begun; undefined between two. */
  private length: number | undefined;

  /** @param maxUnits - UTF-16 units of a packet, at most */
  constructor(private readonly maxUnits: number) {}

  /** Text that is not part of a packet so far, and a header without its packet. */
  get unusedBytes(): number {
    return this.text.length - this.at + (this.length === undefined ? 0 : 1);
  }

  write(chunk: Buffer): void {
    const rest = this.at === 0 ? this.text : this.text.slice(this.at);
    this.text = rest + this.utf8.write(chunk);
    this.at = 0;
  }

  keep(): void {
    // Chunks are decoded when they come.
  }

  read(): object | undefined {
    this.length ??= this.readLength();
    if (this.length === undefined || this.text.length - this.at < this.length) return undefined;
    const json = this.text.slice(this.at, this.at + this.length);
    this.at += this.length;
    this.length = undefined;
    return parse(json);
  }

  end(): undefined {
    if (this.unusedBytes === 0) return undefined;
    const detail = 'the input has ended within a packet';
    throw new LibeventError('ERR_FRAME_TRUNCATED', 'read', { detail });
  }

  takeUnused(): Buffer {
    return Buffer.from(this.text.slice(this.at));
  }

  private readLength(): number | undefined {
    const mark = this.text.indexOf('#', this.at);
    const digits = this.text.slice(this.at, mark < 0 ? this.at + MOST_DIGITS + 1 : mark);
    if (mark < 0 && digits === '') return undefined;
    if (digits.length > MOST_DIGITS || !/^\d+$/.test(digits)) throw invalidLength(digits);
    if (mark < 0) return undefined;
    this.at = mark + 1;
    const length = Number(digits);
    if (length > this.maxUnits) {
      const detail = `a packet of ${String(length)} characters exceeds maxBufferSize, ${String(this.maxUnits)} characters`;
      throw new LibeventError('ERR_FRAME_TOO_LONG', 'read', { detail });
    }
    return length;
  }
}

function invalidLength(digits: string): LibeventError {
  const detail = `a packet has the length ${JSON.stringify(digits.slice(0, 2 * MOST_DIGITS))}`;
  return new LibeventError('ERR_FRAME_LENGTH', 'read', { detail });
}

/** What is no object is an empty one, as in Nest. */
function parse(json: string): object {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    const detail = `a packet is no JSON: ${(error as Error).message}`;
    throw new LibeventError('EBADMSG', 'read', { detail });
  }
  return typeof value === 'object' && value !== null ? value : {};
}
