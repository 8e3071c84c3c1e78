/** Numbers that a seed determines (mulberry32). */
export class SeededNumbers {
  constructor(private state: number) {}

  /** A whole number below `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return Math.floor((((word ^ (word >>> 14)) >>> 0) / 2 ** 32) * limit);
  }
}

const RECORD_HEADER = 5;

type Mutation = (bytes: Buffer, numbers: SeededNumbers) => Buffer;

/** Each changes bytes in one way. */
const mutations: readonly Mutation[] = [
  // Some bytes are others.
  (bytes, numbers) => {
    for (let count = 1 + numbers.below(8); count > 0; count -= 1) {
      bytes.writeUInt8(numbers.below(256), numbers.below(bytes.length));
    }
    return bytes;
  },
  // One bit.
  (bytes, numbers) => {
    const at = numbers.below(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << numbers.below(8)), at);
    return bytes;
  },
  // What may be a length is another.
  (bytes, numbers) => {
    const length = [0, 1, 0x4000, 0x4101, 0xffff, numbers.below(0x10000)][numbers.below(6)] ?? 0;
    bytes.writeUInt16BE(length, numbers.below(bytes.length - 1));
    return bytes;
  },
  // The length of the record.
  (bytes, numbers) => {
    bytes.writeUInt16BE(numbers.below(0x4200), 3);
    return bytes;
  },
  (bytes, numbers) => bytes.subarray(0, numbers.below(bytes.length)),
  // Something is missing, comes twice, or is between.
  (bytes, numbers) => {
    const from = numbers.below(bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + numbers.below(64))]);
  },
  (bytes, numbers) => {
    const from = numbers.below(bytes.length);
    return Buffer.concat([bytes, bytes.subarray(from, from + 1 + numbers.below(1000))]);
  },
  (bytes, numbers) => {
    const from = numbers.below(bytes.length);
    const strange = Buffer.from(
      Array.from({ length: numbers.below(300) }, () => numbers.below(256)),
    );
    return Buffer.concat([bytes.subarray(0, from), strange, bytes.subarray(from)]);
  },
  // The first record in pieces, each a record of its own.
  (bytes, numbers) => {
    const end = RECORD_HEADER + bytes.readUInt16BE(3);
    const pieces: Buffer[] = [];
    for (let at = RECORD_HEADER; at < Math.min(end, bytes.length);) {
      const piece = bytes.subarray(at, at + 1 + numbers.below(80));
      const header = Buffer.from(bytes.subarray(0, RECORD_HEADER));
      header.writeUInt16BE(piece.length, 3);
      pieces.push(header, piece);
      at += piece.length;
    }
    return Buffer.concat([...pieces, bytes.subarray(end)]);
  },
];

/** Records of TLS, changed in one or two ways. */
export function mutated(records: Buffer, numbers: SeededNumbers): Buffer {
  let bytes: Buffer = Buffer.from(records);
  for (let count = 1 + numbers.below(2); count > 0; count -= 1) {
    if (bytes.length <= RECORD_HEADER) break;
    bytes = mutations[numbers.below(mutations.length)]?.(bytes, numbers) ?? bytes;
  }
  return bytes;
}
