import { simulate } from 'rxjs-libevent/testing';
import { systems } from '../../../samples/simulations';

const SEEDS = 200;

describe("simulate, over the samples' pipelines", () => {
  it.each(Object.keys(systems))(`finds nothing in %s, with ${SEEDS} seeds`, (name) => {
    const report = simulate({ seed: 1, seeds: SEEDS }, systems[name]!);
    expect(report.seeds).toBe(SEEDS);
    expect(report.connections).toBeGreaterThan(SEEDS);
    // Every kind of fault has happened.
    expect(Object.values(report.faults).every((count) => count > 0)).toBe(true);
  });
});
