const WORDS = 2 ** 32;

/** Spreads a word over all of its bits: the finalizer of MurmurHash3. */
function spread(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Numbers of a 64-bit seed. Each is known by its keys, whatever else has been drawn: what is left out
 * of a run changes no other draw. Whole numbers only, so every engine draws the same.
 */
export class Draws {
  private readonly low: number;
  private readonly high: number;

  constructor(seed: bigint) {
    this.low = Number(seed & 0xffffffffn);
    this.high = Number(seed >> 32n);
  }

  /** A word of 32 bits. */
  word(...keys: readonly number[]): number {
    let mixed = spread(this.low ^ 0x9e3779b9);
    for (const key of keys) mixed = spread((mixed + Math.imul(key, 0x9e3779b1) + 0x7f4a7c15) | 0);
    return spread(mixed ^ this.high);
  }

  /** Whether something with a probability from 0 to 1 happens. */
  happens(probability: number, ...keys: readonly number[]): boolean {
    return this.word(...keys) < probability * WORDS;
  }

  /** A whole number, both bounds included. */
  between(least: number, most: number, ...keys: readonly number[]): number {
    return least + Math.floor((this.word(...keys) / WORDS) * (most - least + 1));
  }
}

/** A key for a text. */
export function keyOfText(text: string): number {
  let key = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    key = Math.imul(key ^ text.charCodeAt(at), 0x01000193);
  }
  return key >>> 0;
}
