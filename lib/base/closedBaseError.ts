import { LibeventError } from '../common/LibeventError';

/** What a subscriber gets that comes to a base after its end. */
export function closedBaseError(syscall: string): LibeventError {
  return new LibeventError('ERR_BASE_CLOSED', syscall, { detail: 'the event base is closed' });
}
