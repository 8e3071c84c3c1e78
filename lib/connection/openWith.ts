import type { Observable } from 'rxjs';
import { LibeventError } from '../common/LibeventError';
import type { Connection } from './Connection';

/** Connects, and leaves the connection to the caller: nothing unsubscribes here. */
export function openWith(connecting: Observable<Connection>): Promise<Connection> {
  return new Promise((resolve, reject) => {
    connecting.subscribe({
      next: resolve,
      error: reject,
      complete: () => {
        const detail = 'the base has been closed meanwhile';
        reject(new LibeventError('ERR_BASE_CLOSED', 'connect', { detail }));
      },
    });
  });
}
