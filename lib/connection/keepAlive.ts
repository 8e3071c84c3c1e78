import { checkInteger } from '../common/check';

/** What the system takes, TCP_KEEPIDLE of `<linux/tcp.h>`. */
export const MAX_KEEP_ALIVE_SECONDS = 32767;

/** Checks the option of `listen` and `connect`. Default: 0, never. */
export function keepAliveSeconds(seconds = 0): number {
  return checkInteger('keepAliveSeconds', seconds, 0, MAX_KEEP_ALIVE_SECONDS, 'seconds');
}
