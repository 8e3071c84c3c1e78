import type { Arrivals } from '../flow/Source';
import type { Connection } from './Connection';

/** With more connections than this, closed ones are looked for. */
const LEAST_LOOKED_THROUGH = 64;

/**
 * The connections that a listener has emitted for `serve` and that have not come to one: an
 * asynchronous stage works on them, or an operator has dropped them.
 */
export class AcceptedConnections implements Arrivals {
  private readonly connections = new Set<Connection>();
  private most = LEAST_LOOKED_THROUGH;

  /** @param hasEnded - whether the listener has */
  constructor(private readonly hasEnded: () => boolean) {}

  add(connection: Connection): void {
    const { connections } = this;
    connections.add(connection);
    if (connections.size <= this.most) return;
    for (const each of connections) if (each.closed) connections.delete(each);
    this.most = Math.max(LEAST_LOOKED_THROUGH, 2 * connections.size);
  }

  take(connection: Connection): void {
    this.connections.delete(connection);
  }

  abandon(): void {
    // Where it is shared, they may be on their way to somebody else.
    if (!this.hasEnded()) return;
    const connections = [...this.connections];
    this.connections.clear();
    for (const connection of connections) if (!connection.core.inUse) connection.destroy();
  }
}
