import type { FlowEffects } from '../flow/Flow';
import { laterTurn } from '../flow/laterTurn';
import type { LibeventError } from '../common/LibeventError';
import type { Connection } from './Connection';
import type { InputOwner } from './Input';
import type { LifeOwner } from './Life';
import type { OutputOwner } from './Output';

/** Carries out what the parts of a connection decide: one object for what would be many closures. */
export class ConnectionEffects implements FlowEffects, InputOwner, OutputOwner, LifeOwner {
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

  inputEnded(): void {
    this.connection.onInputEnded();
  }

  fail(error: LibeventError): void {
    this.connection.fail(error);
  }

  dropped(): void {
    this.connection.output.stop();
  }
}
