/** The middle of the values. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Every figure's values over the rounds, and its median. */
export function summarise(rounds) {
  const figures = {};
  for (const name of Object.keys(rounds[0].figures)) {
    const values = rounds.map((round) => round.figures[name]);
    figures[name] = {
      median: median(values),
      least: Math.min(...values),
      most: Math.max(...values),
      values,
    };
  }
  return figures;
}

/** Adds histograms up: [[value, count], …], ascending. */
export function mergeBuckets(histograms) {
  const merged = new Map();
  for (const histogram of histograms) {
    for (const [value, count] of histogram) merged.set(value, (merged.get(value) ?? 0) + count);
  }
  return [...merged].sort(([a], [b]) => a - b);
}
