import type { FlowEffects } from '../flow/Flow';
import { laterTurn } from '../flow/laterTurn';
import type { Connection } from './Connection';

/** Carries out what a connection's flow decides. */
export class ConnectionEffects implements FlowEffects {
  constructor(private readonly connection: Connection) {}

  read(on: boolean): void {
    this.connection.transport.read(on);
  }

  credit(bytes: number): void {
    this.connection.transport.credit(bytes);
  }

  saturated(): void {
    this.connection.output.onSaturated();
    this.connection.life.tell({ type: 'saturated' });
  }

  drained(): void {
    this.connection.output.onDrained();
    this.connection.life.tell({ type: 'drained' });
  }

  resume(): void {
    this.connection.input.pump();
  }

  defer(task: () => void): void {
    laterTurn(task);
  }

  giveBackOf(value: unknown): ((rest: Uint8Array) => void) | undefined {
    return this.connection.input.giveBackOf(value);
  }
}
