import type { Observable } from 'rxjs';
import type { ConnectConfig } from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import { EventBase } from './EventBase';

/**
 * Connects on the default base: {@link EventBase.connect} of {@link EventBase.default}.
 *
 * @example
 * ```ts
 * connect({ host: 'localhost', port: 40713 })
 *   .pipe(switchMap((conn) => of('hello\n').pipe(sendTo(conn))), retry({ delay: 1000 }))
 *   .subscribe();
 * ```
 */
export function connect(config: ConnectConfig): Observable<Connection> {
  return EventBase.default.connect(config);
}
