import { LibeventError } from '../common/LibeventError';

/**
 * Makes a {@link LibeventError} of what the system refuses.
 *
 * @param reasons - by code, where the system's own words do not say it
 */
export function systemCall<T>(call: () => T, reasons: Readonly<Record<string, string>> = {}): T {
  try {
    return call();
  } catch (error) {
    const { errno, syscall = '' } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    const refused = LibeventError.of(-errno, syscall);
    const detail = reasons[refused.code];
    throw detail === undefined ? refused : new LibeventError(refused.code, syscall, { detail });
  }
}
