import type { Observable } from 'rxjs';
import type { ConnectConfig } from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import type { Session } from '../connection/connectSession';
import { EventBase } from './EventBase';

/**
 * Connects on the default base: {@link EventBase.connect} of {@link EventBase.default}.
 *
 * @example
 * ```ts
 * connect({ host: 'localhost', port: 40713 }, (conn) => conn.pipe(lines()))
 *   .pipe(retry({ delay: 1000 }))
 *   .subscribe((line) => console.log(line));
 * ```
 */
export function connect(config: ConnectConfig): Observable<Connection>;
export function connect<T>(config: ConnectConfig, session: Session<T>): Observable<T>;
export function connect<T>(
  config: ConnectConfig,
  session?: Session<T>,
): Observable<T | Connection> {
  const base = EventBase.default;
  return session === undefined ? base.connect(config) : base.connect(config, session);
}
