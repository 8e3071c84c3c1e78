const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const MESSAGE_HEADER = 4;
/** What OpenSSL takes. */
const MAX_MESSAGE = 131_396;
/** The version and the random number. */
const FIXED_BYTES = 34;
const SERVER_NAME = 0;
const HOST_NAME = 0;

/** Fields one behind the other; what is not there reads as nothing. */
class Fields {
  private offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get more(): boolean {
    return this.offset < this.bytes.length;
  }

  take(bytes: number): Buffer {
    const field = this.bytes.subarray(this.offset, this.offset + bytes);
    this.offset += bytes;
    return field;
  }

  number(bytes: number): number {
    const field = this.take(bytes);
    return field.length < bytes ? 0 : field.readUIntBE(0, bytes);
  }

  /** One with its length in front. */
  vector(lengthBytes: number): Fields {
    return new Fields(this.take(this.number(lengthBytes)));
  }

  text(lengthBytes: number): string {
    return this.take(this.number(lengthBytes)).toString('latin1');
  }
}

/** The name in the message of a client, or ''. RFC 8446, 4.1.2; RFC 6066, 3. */
function nameIn(message: Buffer): string {
  const fields = new Fields(message);
  fields.take(FIXED_BYTES);
  fields.vector(1);
  fields.vector(2);
  fields.vector(1);
  const extensions = fields.vector(2);
  while (extensions.more) {
    const type = extensions.number(2);
    const extension = extensions.vector(2);
    if (type !== SERVER_NAME) continue;
    const names = extension.vector(2);
    while (names.more) {
      const kind = names.number(1);
      const name = names.text(2);
      if (kind === HOST_NAME) return name;
    }
  }
  return '';
}

/**
 * The first message of a client, as far as it has come: the name that it asks for must be known before
 * a context is chosen. OpenSSL reads the bytes all the same, and has the last word on them.
 */
export class ClientHello {
  private chunks: Buffer[] = [];
  private length = 0;
  /** With fewer bytes there is nothing new to be found. */
  private needed = RECORD_HEADER;

  /** What has come. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** More, behind it. */
  keep(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  /** @returns the name; undefined while more must come; null for what is no such message */
  add(chunk: Buffer): string | null | undefined {
    this.chunks.push(chunk);
    this.length += chunk.length;
    if (this.length < this.needed) return undefined;
    const { bytes } = this;
    this.chunks = [bytes];
    return this.look(bytes);
  }

  private look(bytes: Buffer): string | null | undefined {
    const parts: Buffer[] = [];
    for (let offset = 0; ;) {
      this.needed = offset + RECORD_HEADER;
      if (bytes.length < this.needed) return undefined;
      if (bytes[offset] !== HANDSHAKE) return null;
      this.needed += bytes.readUInt16BE(offset + RECORD_HEADER - 2);
      if (bytes.length < this.needed) return undefined;
      parts.push(bytes.subarray(offset + RECORD_HEADER, this.needed));
      offset = this.needed;
      const message = Buffer.concat(parts);
      if (message.length < MESSAGE_HEADER) continue;
      const length = message.readUIntBE(1, MESSAGE_HEADER - 1);
      if (message[0] !== CLIENT_HELLO || length > MAX_MESSAGE) return null;
      const end = MESSAGE_HEADER + length;
      if (message.length >= end) return nameIn(message.subarray(MESSAGE_HEADER, end));
    }
  }
}
