const BLOCK = 16;

/**
 * The bytes of all streams of a program. A stream is a sequence of blocks of 16 bytes: its number, the
 * block's own, and two words that only this seed has for them. So each byte can be foretold, and one
 * that stands in a wrong place says whose it is.
 */
export class Pattern {
  #seed;

  constructor(seed) {
    this.#seed = mixed(seed | 0, 0x51ab3f7);
  }

  /** `length` bytes of a stream from `offset` on, in memory of their own. */
  bytes(stream, offset, length) {
    const first = Math.floor(offset / BLOCK);
    const blocks = Math.ceil((offset + length) / BLOCK) - first;
    const words = new Int32Array(blocks * 4);
    for (let block = 0; block < blocks; block += 1) {
      const check = this.#check(stream, first + block);
      words[block * 4] = stream ^ this.#seed;
      words[block * 4 + 1] = first + block;
      words[block * 4 + 2] = check;
      words[block * 4 + 3] = mixed(check, this.#seed);
    }
    return Buffer.from(words.buffer, offset - first * BLOCK, length);
  }

  /** The first whole block of any stream within `bytes` from `from` on: `{ stream, offset, at }`. */
  find(bytes, from = 0, except = -1) {
    for (let at = from; at + BLOCK <= bytes.length; at += 1) {
      const stream = bytes.readInt32LE(at) ^ this.#seed;
      if (stream < 0 || stream > 0xffffff || stream === except) continue;
      const block = bytes.readInt32LE(at + 4);
      if (bytes.readInt32LE(at + 8) !== this.#check(stream, block)) continue;
      return { stream, offset: block * BLOCK, at };
    }
    return undefined;
  }

  #check(stream, block) {
    return mixed(mixed(this.#seed ^ stream, 0x2545f491) ^ block, 0x9e3779b1);
  }
}

function mixed(value, key) {
  let word = Math.imul(value ^ (value >>> 16) ^ key, 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}
