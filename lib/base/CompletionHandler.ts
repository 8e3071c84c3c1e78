import type { PackedAddress } from '../rings/PackedAddress';

/** What an id on the rings stands for, on the JavaScript side. */
export interface CompletionHandler {
  /** Its id on the rings, given by `Reactor.open`; 0 before, and once it is gone. */
  id: number;
  /** It does not keep the process alive from the start. */
  unreferenced?: boolean;
  /** Bytes that the reactor has read. */
  data?(chunk: Buffer): void;
  /**
   * Any other completion.
   *
   * @param kind - one of `native.layout.completion`
   * @param a - first argument, see `native/ring.h`
   * @param b - second argument
   * @param addresses - the address records of this kind, if it has any
   */
  complete(kind: number, a: number, b: number, addresses: readonly PackedAddress[]): void;
  /** Its id is about to be given up: the last look at its place in the table of positions. */
  onRemoved?(): void;
  /** The base is being closed, or its reactor has failed: no completion will follow. */
  abandon(error: Error | undefined): void;
}
