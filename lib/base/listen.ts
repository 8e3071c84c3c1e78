import type { ListenConfig } from '../connection/ListenConfig';
import type { Listener } from '../connection/Listener';
import { EventBase } from './EventBase';

/**
 * Listens on the default base: {@link EventBase.listen} of {@link EventBase.default}.
 *
 * @example
 * ```ts
 * listen({ port: 40713 })
 *   .pipe(serve((conn) => conn.pipe(lines(), map((line) => line + '\n'), sendTo(conn))))
 *   .subscribe();
 * ```
 */
export function listen(config: ListenConfig): Listener {
  return EventBase.default.listen(config);
}
