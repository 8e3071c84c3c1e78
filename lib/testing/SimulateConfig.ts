import { checkNumber } from '../common/check';
import {
  type Checked,
  type Option,
  type OptionTable,
  checkedOptions,
  option,
} from '../common/options';
import { MAX_MS } from '../connection/ConnectionConfig';
import { seedOf } from './seedOf';

/**
 * How often a network does what: each a probability from 0 to 1. A seed leaves each kind out with a
 * probability of 1/4, so that some runs are about few of them; not what is certain.
 */
export interface FaultProbabilities {
  /** A segment is late, by up to `delayMs`. Default: 0.1. */
  readonly delay?: number;
  /** The bytes of a segment come in two parts. Default: 0.2. */
  readonly split?: number;
  /** The bytes of a segment wait for the next ones, at most `delayMs`, and come with them. Default: 0.2. */
  readonly join?: number;
  /** One direction of a connection stands still, for up to `stallMs`. Default: 0.02. */
  readonly stall?: number;
  /** Both ends get RST in place of a segment. Default: 0.01. */
  readonly reset?: number;
  /**
   * The network forgets a connection: nothing arrives any more. Who has sent something gets RST at
   * once, or `ETIMEDOUT` after `giveUpMs`; who waits hears nothing. Default: 0.003.
   */
  readonly halfOpen?: number;
  /** Some machines are cut off from the others, for up to `partitionMs`. Default: 0.005. */
  readonly partition?: number;
  /** A listener fails with `ENETDOWN` when a connection arrives at it. Default: 0.01. */
  readonly dropListener?: number;
  /**
   * There is no descriptor: to connect fails with `EMFILE`, or accepting pauses for up to `exhaustMs`.
   * Default: 0.02.
   */
  readonly exhaust?: number;
}

/** What a network does. */
export type FaultKind = keyof FaultProbabilities;

/** Options of `simulate`. */
export interface SimulateConfig {
  /** Where to begin: a bigint, a whole number or hexadecimal digits, of 64 bits. */
  readonly seed: bigint | number | string;
  /** How many seeds, one after the other. Default: 1. Bounds: 1 to 1000000000. */
  readonly seeds?: number;
  readonly faults?: FaultProbabilities;
  /** What each segment takes, at most. Default: 5 ms. Bounds: 0 to 2147483647. */
  readonly latencyMs?: number;
  /** Default: 200. Bounds: 1 to 2147483647. */
  readonly delayMs?: number;
  /** Default: 2000. Bounds: 1 to 2147483647. */
  readonly stallMs?: number;
  /** Default: 3000. Bounds: 1 to 2147483647. */
  readonly partitionMs?: number;
  /** Default: 500. Bounds: 1 to 2147483647. */
  readonly exhaustMs?: number;
  /**
   * How long a system repeats what is not acknowledged, to connect included, before it gives up with
   * `ETIMEDOUT`. Default: 20000 ms. Bounds: 1 to 2147483647.
   */
  readonly giveUpMs?: number;
  /**
   * Bytes that may be under way, or wait unread, in one direction of a connection; a seed draws as
   * many, or a 16th, a 256th, a 4096th of it. Default: 65536. Bounds: 1 to 1073741824.
   */
  readonly bufferBytes?: number;
  /** From when on there are no new faults, so that everything can come right. Default: 10000 ms. Bounds: 0 up. */
  readonly calmAfterMs?: number;
  /**
   * When a run ends, for a system that never rests. Default: 0, when nothing is left to happen. Bounds: 0
   * to 2147483647 ms.
   */
  readonly durationMs?: number;
  /** Virtual time after which a run that has not come to rest fails. Default: 3600000 ms. Bounds: 1 up. */
  readonly limitMs?: number;
  /** Steps after which a run fails. Default: 200000. Bounds: 1 up. */
  readonly maxSteps?: number;
  /** Runs that are spent to make a failure smaller. Default: 300. Bounds: 0 up. */
  readonly shrinkRuns?: number;
}

const probability =
  (fallback: number): Option<number> =>
  (value, name) =>
    checkNumber(name, value ?? fallback, 0, 1, '(a probability)');

const ms = (fallback: number, least = 1): Option<number> =>
  option.integer('ms', least, MAX_MS, fallback);

export const FAULT_OPTIONS = {
  delay: probability(0.1),
  split: probability(0.2),
  join: probability(0.2),
  stall: probability(0.02),
  reset: probability(0.01),
  halfOpen: probability(0.003),
  partition: probability(0.005),
  dropListener: probability(0.01),
  exhaust: probability(0.02),
} satisfies OptionTable<FaultProbabilities>;

const SIMULATE_OPTIONS = {
  seed: ((value, name) => seedOf(value, name)) as Option<bigint>,
  seeds: option.integer('seeds', 1, 1e9, 1),
  faults: ((value, name) =>
    checkedOptions(name, value === undefined ? {} : (value as object), FAULT_OPTIONS)) as Option<
    Checked<typeof FAULT_OPTIONS>
  >,
  latencyMs: ms(5, 0),
  delayMs: ms(200),
  stallMs: ms(2000),
  partitionMs: ms(3000),
  exhaustMs: ms(500),
  giveUpMs: ms(20_000),
  bufferBytes: option.integer('bytes', 1, 2 ** 30, 65_536),
  calmAfterMs: ms(10_000, 0),
  durationMs: ms(0, 0),
  limitMs: ms(3_600_000),
  maxSteps: option.integer('steps', 1, 2 ** 31 - 1, 200_000),
  shrinkRuns: option.integer('runs', 0, 1e6, 300),
} satisfies OptionTable<SimulateConfig>;

/** {@link SimulateConfig}, checked and complete. */
export type SimulateOptions = Checked<typeof SIMULATE_OPTIONS>;

/** Checks the options and fills in the defaults. */
export function simulateOptions(config: SimulateConfig): SimulateOptions {
  return checkedOptions('config', config, SIMULATE_OPTIONS);
}
