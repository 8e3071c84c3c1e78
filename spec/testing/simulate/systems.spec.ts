import { simulate } from 'rxjs-libevent/testing';
import { systems } from '../../../samples/simulations';

/** As many as it takes until each kind of fault has happened; `npm run simulate` goes on, every night. */
const SEEDS: Readonly<Record<string, number>> = {
  answers: 40,
  questions: 100,
  relayed: 20,
  room: 100,
  upgrades: 20,
};

describe("simulate, over the samples' pipelines", () => {
  it.each(Object.keys(systems))('finds nothing in %s', (name) => {
    const seeds = SEEDS[name]!;
    const report = simulate({ seed: 1, seeds }, systems[name]!);
    expect(report.seeds).toBe(seeds);
    expect(report.connections).toBeGreaterThan(seeds);
    expect(Object.entries(report.faults).filter(([, count]) => count === 0)).toEqual([]);
  });
});
