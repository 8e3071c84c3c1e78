import { checkString } from '../common/check';

/** `sun_path` of `<sys/un.h>`, less its terminator. */
const MAX_PATH_BYTES = 107;

/**
 * Checks the path of a unix socket; an abstract name begins with a NUL character.
 *
 * @throws TypeError, RangeError for what libevent would cut off
 */
export function unixPath(path: unknown): string {
  const text = checkString('path', path);
  if (text === '') throw new TypeError('path must not be empty');
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_PATH_BYTES) {
    throw new RangeError(`path must have at most ${MAX_PATH_BYTES} bytes, got ${bytes}`);
  }
  if (text.includes('\0', 1)) throw new TypeError('path must have no NUL but in front');
  return text;
}
