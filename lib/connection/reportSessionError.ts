import { channel } from 'node:diagnostics_channel';
import { inspect } from 'node:util';
import type { ObservableInput } from 'rxjs';
import type { Connection } from './Connection';

/** What a session of `serve` is made by. */
export type SessionHandler = (connection: Connection) => ObservableInput<unknown>;

/** A failed session of `serve`, on the diagnostics channel `'rxjs-libevent:session:error'`. */
export interface SessionErrorMessage {
  readonly error: unknown;
  readonly connection: Connection;
  /** What was given to `serve`. */
  readonly handler: SessionHandler;
}

const CHANNEL = 'rxjs-libevent:session:error';

const sessionErrors = channel(CHANNEL);
const warned = new WeakSet<SessionHandler>();

/** What messages call a handler. */
export function nameOf(handler: SessionHandler): string {
  return handler.name === '' ? 'an anonymous handler' : `the handler '${handler.name}'`;
}

/**
 * Publishes a session's error, and warns of it if nobody else is notified: once for each handler, as
 * what fails for one connection often fails for all.
 */
export function reportSessionError(message: SessionErrorMessage, isHandled: boolean): void {
  if (sessionErrors.hasSubscribers) sessionErrors.publish(message);
  const { error, connection, handler } = message;
  const isNoted = connection.core.observer?.onSessionError?.(error, isHandled) ?? false;
  if (isHandled || isNoted) return;
  if (warned.has(handler)) return;
  warned.add(handler);
  process.emitWarning(
    `A session of ${nameOf(handler)} has failed, and serve() has no onError. ` +
      `Later failures of this handler are published on the diagnostics channel '${CHANNEL}' only.`,
    { type: 'SessionErrorWarning', code: 'RXJS_LIBEVENT_SESSION_ERROR', detail: inspect(error) },
  );
}
