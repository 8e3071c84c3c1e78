import type { LibeventError } from '../common/LibeventError';
import type { Connection } from './Connection';
import type { TransportHandler } from './Transport';

/** Takes to a connection what its transport tells. */
export class ConnectionHandler implements TransportHandler {
  constructor(private readonly connection: Connection) {}

  onData(chunk: Buffer): void {
    this.connection.input.receive(chunk);
  }

  onEnd(error: LibeventError | undefined): void {
    this.connection.onEnd(error);
  }

  onLeft(): void {
    this.connection.output.onLeft();
  }

  onFinished(): void {
    this.connection.output.onFinished();
    this.connection.life.tell({ type: 'finished' });
    this.connection.closeIfDone();
  }

  onWriteFailed(error: LibeventError): void {
    const { life, output } = this.connection;
    life.failure ??= error;
    output.onFailed(error);
    life.tell({ type: 'error', direction: 'write', error });
    // A file that became shorter: the peer must not take what it has got for the whole.
    if (error.syscall === 'sendfile') life.end('reset');
    this.connection.closeIfDone();
  }

  onHangup(error: LibeventError | undefined): void {
    this.connection.life.tell({ type: 'hangup', error });
    if (error !== undefined) this.connection.output.onFailed(error);
  }

  onTimeout(direction: 'read' | 'write'): void {
    this.connection.onTimeout(direction);
  }

  onClosed(error: LibeventError | undefined): void {
    this.connection.onClosed(error);
  }
}
