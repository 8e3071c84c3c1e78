import { type Checked, type OptionTable, option } from '../common/options';
import { frameBytes } from './frameBytes';

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

const DEFAULT_MAX_LENGTH = 65_536;

/** But for the encoding, whose default is the operator's. */
export const TERMINATED_OPTIONS = {
  maxLength: frameBytes(DEFAULT_MAX_LENGTH),
  whenTooLong: option.oneOf(['error', 'split']),
  whenUnfinished: option.oneOf(['emit', 'error', 'discard']),
} satisfies OptionTable<Omit<TerminatedConfig, 'encoding'>>;

/** {@link TerminatedConfig}, checked and complete. */
export type TerminatedOptions = Checked<typeof TERMINATED_OPTIONS> & {
  readonly encoding: FrameEncoding;
};
