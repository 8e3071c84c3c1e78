import { LibeventError } from '../common/LibeventError';

/** Makes a {@link LibeventError} of what the system refuses. */
export function systemCall<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { errno, syscall = '' } = error as NodeJS.ErrnoException;
    if (errno === undefined) throw error;
    throw LibeventError.of(-errno, syscall);
  }
}
