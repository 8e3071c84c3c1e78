import { type Option, option } from '../common/options';

/** The longest frame: what fits into one string with room to spare. */
export const MAX_FRAME_BYTES = 2 ** 28;

/** An option that bounds the bytes of a frame. */
export const frameBytes = (fallback?: number): Option<number> =>
  option.integer('bytes', 1, MAX_FRAME_BYTES, fallback);
