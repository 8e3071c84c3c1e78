/** What a {@link SimulationError} has beside its message. */
export interface SimulationErrorDetails {
  readonly seed: bigint;
  readonly faults?: readonly string[];
  readonly cause?: unknown;
}

/** A simulation that has found something, or that cannot be run. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  /** The seed that it was found with. */
  readonly seed: bigint;
  /** What the network has to do for it, and when, after shrinking. */
  readonly faults: readonly string[];

  /** @internal */
  constructor(message: string, { seed, faults = [], ...details }: SimulationErrorDetails) {
    super(message, details);
    this.seed = seed;
    this.faults = faults;
  }
}
