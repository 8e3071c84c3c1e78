import type { VirtualBase } from './VirtualBase';

/** What a simulated system is made with. */
export interface SimulationHelpers {
  /** A base on a machine of its own, `'base'`. */
  readonly base: VirtualBase;
  /** A base on another machine, which all others reach by this name: `connect({ host: 'server', port: 7 })`. */
  readonly machine: (name: string) => VirtualBase;
  /** Must hold after every step, in every run. */
  readonly always: (name: string, condition: () => boolean) => void;
  /** Must hold when a run has come to rest, or when its `durationMs` are over. */
  readonly atEnd: (name: string, condition: () => boolean) => void;
  /**
   * Must hold at least once, in one run of all seeds: the test of what does not come to pass says
   * nothing. Without a condition {@link SimulationHelpers.reached} says so.
   */
  readonly sometimes: (name: string, condition?: () => boolean) => void;
  /** A place that `sometimes(name)` is about has been reached. */
  readonly reached: (name: string) => void;
  /**
   * A whole number of the seed, both bounds included: how many clients there are, how long a message is.
   * A failure is shrunk towards the least one.
   */
  readonly draw: (name: string, least: number, most: number) => number;
  /** A number of the seed, from 0 to below 1. `Math.random` is the same while a run lasts. */
  readonly random: () => number;
  /** Virtual time, in ms. */
  readonly now: () => number;
}

/** A system under simulation: makes servers and clients, and states what must hold. */
export type SimulatedSystem = (simulation: SimulationHelpers) => unknown;
