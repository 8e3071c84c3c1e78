import type { SimulateOptions } from './SimulateConfig';
import type { SimulatedSystem } from './SimulationHelpers';
import { SimulationRun } from './SimulationRun';

/** The smallest run that has been found to fail in the same way. */
export interface ShrunkRun {
  readonly run: SimulationRun;
  /** How many runs that has taken. */
  readonly runs: number;
}

/**
 * Makes a failing run smaller: fewer faults, then lesser numbers in what the system draws, until nothing
 * can go, or as many runs have been spent.
 */
export function shrinkRun(
  failing: SimulationRun,
  options: SimulateOptions,
  system: SimulatedSystem,
): ShrunkRun {
  let best = failing;
  let faults = failing.faults.map(({ id }) => id);
  let draws = new Map<string, number>();
  let runs = 0;
  const fails = (fewer: readonly string[], lesser: ReadonlyMap<string, number>): boolean => {
    if (runs >= options.shrinkRuns) return false;
    runs += 1;
    const limits = { faults: new Set(fewer), draws: lesser };
    const run = new SimulationRun(failing.seed, options, system, limits);
    run.run();
    if (run.failure?.what !== failing.failure?.what) return false;
    best = run;
    faults = run.faults.map(({ id }) => id);
    return true;
  };

  const dropFaults = (): void => {
    for (let size = faults.length; size >= 1; size = Math.floor(size / 2)) {
      for (let at = 0; at < faults.length;) {
        const fewer = [...faults.slice(0, at), ...faults.slice(at + size)];
        if (!fails(fewer, draws)) at += size;
      }
    }
  };
  const lessen = (name: string): boolean => {
    const drawn = best.world.drawn.get(name);
    if (drawn === undefined || drawn.value === drawn.least) return false;
    const { least, value } = drawn;
    for (const lesser of [least, Math.floor((least + value) / 2), value - 1]) {
      const tried = new Map(draws).set(name, lesser);
      if (!fails(faults, tried)) continue;
      draws = tried;
      return true;
    }
    return false;
  };

  if (!fails(faults, draws)) return { run: failing, runs };
  for (let goesOn = true; goesOn;) {
    const before = faults.length;
    dropFaults();
    let isLess = false;
    for (const name of best.world.drawn.keys()) {
      while (lessen(name)) isLess = true;
    }
    goesOn = (isLess || faults.length < before) && runs < options.shrinkRuns;
  }
  return { run: best, runs };
}
