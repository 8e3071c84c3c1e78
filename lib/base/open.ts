import type { ConnectConfig } from '../connection/ConnectConfig';
import type { Connection } from '../connection/Connection';
import { EventBase } from './EventBase';

/**
 * Connects on the default base, and gives the connection to the caller: {@link EventBase.open} of
 * {@link EventBase.default}.
 *
 * @example
 * ```ts
 * await using conn = await open({ host: 'localhost', port: 40713 });
 * conn.next('hello\n');
 * console.log(await firstValueFrom(conn.pipe(lines())));
 * ```
 */
export function open(config: ConnectConfig): Promise<Connection> {
  return EventBase.default.open(config);
}
