import { Connection } from '../connection/Connection';

/** @throws TypeError for what is no connection */
export function checkConnection(connection: unknown): asserts connection is Connection {
  if (connection instanceof Connection) return;
  throw new TypeError(`connection must be a Connection, got ${typeof connection}`);
}
