import { LibeventError } from '../common/LibeventError';

/** What a value is answered with that comes when the output has ended. */
export function notWritable(): LibeventError {
  return new LibeventError('ERR_NOT_WRITABLE', 'write', { detail: 'the output has ended' });
}
