import { simulate } from 'rxjs-libevent/testing';
import { systems } from '../../../samples/simulations';

/** 1,000 in all; `npm run simulate` goes on, every night. */
const SEEDS = 200;

describe("simulate, over the samples' pipelines", () => {
  it.each(Object.keys(systems))('finds nothing in %s', (name) => {
    const report = simulate({ seed: 1, seeds: SEEDS }, systems[name]!);
    expect(report.seeds).toBe(SEEDS);
    expect(report.connections).toBeGreaterThan(SEEDS);
    expect(Object.entries(report.faults).filter(([, count]) => count === 0)).toEqual([]);
  });
});
