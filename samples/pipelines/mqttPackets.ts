/** A control packet of MQTT 3.1.1. */
export interface MqttPacket {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

export const MQTT = {
  CONNECT: 1,
  CONNACK: 2,
  PUBLISH: 3,
  PUBACK: 4,
  SUBSCRIBE: 8,
  SUBACK: 9,
  UNSUBSCRIBE: 10,
  UNSUBACK: 11,
  PINGREQ: 12,
  PINGRESP: 13,
  DISCONNECT: 14,
} as const;

/** Of a packet, without its type and length. */
export const MAX_BODY_BYTES = 1 << 20;

/** A packet, as a parser for `frames`: a byte of type and flags, the length in up to four, the rest. */
export function parseMqtt(bytes: Buffer): readonly [MqttPacket, number] | undefined {
  let length = 0;
  let at = 1;
  for (let more = true; more; at += 1) {
    const byte = bytes[at];
    if (at > 4) throw new Error('a length of more than four bytes');
    if (byte === undefined) return undefined;
    length += (byte & 127) * 128 ** (at - 1);
    more = byte > 127;
  }
  if (length > MAX_BODY_BYTES) throw new Error(`a packet of ${String(length)} bytes`);
  if (bytes.length < at + length) return undefined;
  const [first = 0] = bytes;
  return [
    { type: first >> 4, flags: first & 15, body: bytes.subarray(at, at + length) },
    at + length,
  ];
}

export function encodeMqtt(type: number, flags: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = [(type << 4) | flags];
  let rest = body.length;
  do {
    head.push((rest % 128) | (rest > 127 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

/** Takes the fields of a body one after the other. */
export class MqttFields {
  constructor(private rest: Buffer) {}

  get empty(): boolean {
    return this.rest.length === 0;
  }

  byte(): number {
    return this.bytes(1).readUInt8();
  }

  number(): number {
    return this.bytes(2).readUInt16BE();
  }

  text(): string {
    return this.field().toString();
  }

  field(): Buffer {
    return this.bytes(this.number());
  }

  bytes(count = this.rest.length): Buffer {
    if (count > this.rest.length) throw new Error('a packet that is too short');
    const bytes = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    return bytes;
  }
}

export function mqttField(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
