/** The peer "setTimeout" for timers. */
import { measureTimers } from './timers.mjs';

await measureTimers((delayMs, callback) => setTimeout(callback, delayMs), clearTimeout);
