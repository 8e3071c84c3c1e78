import { option } from '../common/options';

/** What the system takes, TCP_KEEPIDLE of `<linux/tcp.h>`. */
export const MAX_KEEP_ALIVE_SECONDS = 32767;

/** The option of `listen` and `connect`. */
export const keepAliveSeconds = option.integer('seconds', 0, MAX_KEEP_ALIVE_SECONDS, 0);
