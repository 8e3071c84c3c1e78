import type { OptionTable } from '../common/check';

/** How bytes become values. */
export type FrameEncoding = 'utf8' | 'latin1' | 'buffer';

/** What {@link lines} and {@link delimited} have in common. */
export interface TerminatedConfig {
  /**
   * `'utf8'` and `'latin1'` give strings, `'buffer'` gives Buffers. In UTF-8, bytes that are not a
   * character become U+FFFD, and a byte order mark is kept.
   */
  readonly encoding?: FrameEncoding;
  /**
   * Bytes of a frame at most, not counting its end. Default: 65536. Bounds: 1 to 268435456.
   */
  readonly maxLength?: number;
  /**
   * What happens to a longer one. `'error'`, the default: `ERR_FRAME_TOO_LONG`. `'split'`: it
   * comes in pieces of `maxLength` bytes, the last one shorter; a piece of UTF-8 is up to three
   * bytes shorter where it would cut a character.
   */
  readonly whenTooLong?: 'error' | 'split';
  /**
   * What happens to a tail without an end, when the source completes. `'emit'`, the default: it is
   * a frame too. `'error'`: `ERR_FRAME_TRUNCATED`. `'discard'`: it is dropped.
   */
  readonly whenUnfinished?: 'emit' | 'error' | 'discard';
}

export const TERMINATED_OPTIONS: OptionTable<TerminatedConfig> = {
  encoding: true,
  maxLength: true,
  whenTooLong: true,
  whenUnfinished: true,
};
