import { metrics, significant } from './metrics.mjs';
import { peers } from './peers.mjs';

/** A generator's thread as busy as this, or as much other work, may be what limits the peer. */
const LIMITS = { generatorCpu: 0.9, othersCpu: 0.5 };

export function titleOf(peerName) {
  return peers.find(({ name }) => name === peerName).title;
}

/** The figures of one scenario as a table: a head, then a row of medians for each peer. */
export function scenarioRows(byPeer) {
  const names = Object.keys(metrics).filter((name) =>
    Object.values(byPeer).some(({ figures }) => figures[name] !== undefined),
  );
  const head = ['peer', ...names.map((name) => metrics[name].title)];
  const rows = Object.entries(byPeer).map(([peer, { figures }]) => [
    titleOf(peer),
    ...names.map((name) => cell(name, figures[name])),
  ]);
  return { head, rows };
}

function cell(name, figure) {
  if (figure === undefined) return '';
  const text = metrics[name].format(figure.median);
  return figure.median > (LIMITS[name] ?? Infinity) ? `${text} !` : text;
}

/** One metric of all scenarios as a table: a row of medians for each peer. Undefined if it is not in the document. */
export function metricRows(metric, scenarios, results) {
  const { documented, format } = metrics[metric];
  const measured = scenarios.filter(({ name }) =>
    Object.values(results[name] ?? {}).some(({ figures }) => figures[metric] !== undefined),
  );
  if (!documented || measured.length === 0) return undefined;
  const present = peers.filter(({ name }) =>
    measured.some((scenario) => results[scenario.name][name] !== undefined),
  );
  const rows = present.map(({ name, title }) => [
    title,
    ...measured.map((scenario) => {
      const figure = results[scenario.name][name]?.figures[metric];
      return figure === undefined ? '' : format(figure.median);
    }),
  ]);
  return { head: ['peer', ...measured.map(({ name }) => name)], rows };
}

/** The goals as a table. */
export function goalRows(judged) {
  const head = [
    'scenario',
    'figure',
    'peer',
    'against',
    'wanted',
    'measured',
    'least to most',
    'met',
  ];
  const rows = judged.map((goal) => [
    goal.scenario,
    metrics[goal.metric].title,
    titleOf(goal.peer),
    goal.against ? titleOf(goal.against) : 'itself',
    goal.atLeast === undefined ? `≤ ${goal.atMost}` : `≥ ${goal.atLeast}`,
    significant(goal.ratio),
    `${significant(goal.least)} to ${significant(goal.most)}`,
    goal.met ? 'yes' : 'no',
  ]);
  return { head, rows };
}
