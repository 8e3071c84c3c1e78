import { checkInteger } from '../common/check';

/** The longest frame: what fits into one string with room to spare. */
const MAX_FRAME_BYTES = 2 ** 28;

/** Checks an option that bounds the bytes of a frame. */
export function checkFrameBytes(name: string, value: unknown): number {
  return checkInteger(name, value, 1, MAX_FRAME_BYTES, 'bytes');
}
