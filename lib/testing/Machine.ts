import type { VirtualAcceptor } from './VirtualAcceptor';

/** A machine of a virtual network: its address, and who listens on it. */
export class Machine {
  /** Attempts to connect that have been made from here. */
  attempts = 0;
  /** By port, or by the path of a unix socket. */
  readonly listening = new Map<number | string, VirtualAcceptor>();

  constructor(
    readonly name: string,
    /** Numeric, beside `127.0.0.1`. */
    readonly address: string,
  ) {}
}
