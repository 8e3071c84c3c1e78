import type { Draws } from './Draws';
import { FAULT_OPTIONS, type FaultKind, type SimulateOptions } from './SimulateConfig';

/** Something that the network has done. */
export interface Fault {
  readonly kind: FaultKind;
  /** Names it in every run of the seed. */
  readonly id: string;
  readonly frame: number;
  /** To whom, for messages. */
  readonly where: string;
}

const KINDS = Object.keys(FAULT_OPTIONS) as FaultKind[];
const [LEFT_OUT, STRIKES, HOW_MUCH] = [1, 2, 3];
const LEFT_OUT_PROBABILITY = 0.25;

/** What the network does in a run, drawn from the seed; or only some of it, where a failure is shrunk. */
export class FaultPlan {
  readonly faults: Fault[] = [];
  private readonly probabilities: readonly number[];

  constructor(
    private readonly draws: Draws,
    private readonly options: SimulateOptions,
    private readonly now: () => number,
    /** The ids of all faults that may happen; undefined for any. */
    private readonly allowed: ReadonlySet<string> | undefined,
  ) {
    this.probabilities = KINDS.map((kind, index) => {
      const probability = options.faults[kind];
      const isLeftOut = probability < 1 && draws.happens(LEFT_OUT_PROBABILITY, LEFT_OUT, index);
      return isLeftOut ? 0 : probability;
    });
  }

  /**
   * @param key - of `where`
   * @param count - which of the occasions there
   * @returns a number for how much of it, from 1 to `most`; 0 where nothing happens
   */
  strike(kind: FaultKind, where: string, key: number, count: number, most = 1): number {
    const index = KINDS.indexOf(kind);
    const probability = this.probabilities[index] ?? 0;
    if (probability === 0 || this.now() >= this.options.calmAfterMs) return 0;
    if (!this.draws.happens(probability, STRIKES, key, index, count)) return 0;
    const id = `${kind} ${where} ${String(count)}`;
    if (this.allowed?.has(id) === false) return 0;
    this.faults.push({ kind, id, where, frame: this.now() });
    return this.draws.between(1, most, HOW_MUCH, key, index, count);
  }
}
