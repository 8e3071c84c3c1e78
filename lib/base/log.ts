import { channel } from 'node:diagnostics_channel';
import { checkBoolean } from '../common/check';
import { native } from '../native';

/** What libevent says, on the diagnostics channel `'rxjs-libevent:log'`. */
export interface LogMessage {
  /** @see event2/event.h `EVENT_LOG_DEBUG` … */
  readonly severity: 'debug' | 'message' | 'warning' | 'error';
  readonly message: string;
  /** Messages before this one that were not kept: at most 256 wait for JavaScript. */
  readonly lost: number;
}

const SEVERITIES: readonly LogMessage['severity'][] = ['debug', 'message', 'warning', 'error'];

const log = channel('rxjs-libevent:log');

native.onLog((severity, message, lost) => {
  if (!log.hasSubscribers) return;
  log.publish({ severity: SEVERITIES[severity] ?? 'error', message, lost } satisfies LogMessage);
});

/**
 * Lets libevent say what it does, step by step, on the diagnostics channel `'rxjs-libevent:log'`. For
 * the whole process, as libevent has it, and slow.
 *
 * Warnings and errors come there always. A base on which libevent gives up ends with
 * `ERR_LIBEVENT_FATAL`; the process goes on.
 *
 * @param on - default true
 * @throws TypeError
 *
 * @example
 * ```ts
 * subscribe('rxjs-libevent:log', (message) => console.error(message));
 * enableDebugLogging();
 * ```
 *
 * @see event2/event.h `event_set_log_callback()`, `event_enable_debug_logging()`
 */
export function enableDebugLogging(on = true): void {
  native.enableDebugLogging(checkBoolean('on', on));
}
