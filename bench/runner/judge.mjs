import { goals } from './goals.mjs';
import { median } from './statistics.mjs';

/**
 * Sets each goal beside what was measured in this run; what was not measured gives no row.
 *
 * @param results scenario name → peer name → `{ figures }`
 */
export function judge(results) {
  return goals.flatMap((goal) => {
    const own = valuesOf(results, goal.scenario, goal.peer, goal.metric);
    const base = basisOf(results, goal);
    if (own === undefined || base === undefined) return [];
    const ratios = own.map((value, round) => value / base[round]);
    const ratio = median(ratios);
    const met = goal.atLeast === undefined ? ratio <= goal.atMost : ratio >= goal.atLeast;
    return [{ ...goal, ratio, least: Math.min(...ratios), most: Math.max(...ratios), met }];
  });
}

function basisOf(results, { scenario, peer, against, metric }) {
  if (against !== undefined) return valuesOf(results, scenario, against, metric);
  return valuesOf(results, scenario, peer, metric)?.map(() => 1);
}

function valuesOf(results, scenario, peer, metric) {
  return results[scenario]?.[peer]?.figures[metric]?.values;
}
