/** The figures as SVG, by vega-lite. */
import * as vega from 'vega';
import { compile } from 'vega-lite';
import { peers } from './peers.mjs';
import { titleOf } from './rows.mjs';

const COLOURS = [
  ...['#9a9a9a', '#5f5f5f', '#e6a23c', '#d9782d', '#b5482a', '#d4b8e0', '#a678bd'],
  ...['#1f6fb2', '#78b7c5', '#3b9a5b', '#8ecae6', '#5aa7d6', '#14466f'],
];

const color = {
  field: 'peer',
  type: 'nominal',
  title: null,
  scale: { domain: peers.map(({ title }) => title), range: COLOURS },
  legend: { orient: 'bottom', columns: 4 },
};

/** `[{ name, title, svg }]`, for what was measured in this run. */
export async function drawPlots(report) {
  const specifications = [
    linesPlot(report),
    cpuPlot(report),
    scalePlot(report),
    latencyPlot(report),
    echoPlot(report),
    connectionPlot(report),
    idlePlot(report),
  ];
  return Promise.all(specifications.filter(({ values }) => values.length > 0).map(draw));
}

export async function draw({ name, title, values, ...rest }) {
  const specification = {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title,
    data: { values },
    background: 'white',
    ...(rest.facet ? {} : { width: 640, height: 280 }),
    config: { legend: { labelLimit: 0 }, axis: { labelLimit: 0 }, font: 'sans-serif' },
    ...rest,
  };
  const view = new vega.View(vega.parse(compile(specification).spec), { renderer: 'none' });
  const svg = await view.toSVG();
  view.finalize();
  return { name, title, svg };
}

/** One datum per peer and scenario that was measured: `{ peer, x, y }`. */
function collect(report, names, metric, x = (name) => name) {
  return names.flatMap((name) =>
    Object.entries(report.results[name] ?? {}).flatMap(([peer, { figures }]) => {
      const figure = figures[metric];
      if (figure === undefined) return [];
      const { median: y, least, most } = figure;
      return [{ peer: titleOf(peer), x: x(name), y, least, most }];
    }),
  );
}

/** One panel per group with a scale of its own; a thin line shows the least and the most of the rounds. */
function panels(name, title, values, unit) {
  const groups = [...new Set(values.map(({ x }) => x))];
  const peer = {
    field: 'peer',
    type: 'nominal',
    sort: peers.map((each) => each.title),
    axis: null,
  };
  return {
    name,
    title,
    values,
    facet: { column: { field: 'x', type: 'nominal', title: null, sort: groups } },
    spec: {
      width: Math.floor(640 / groups.length),
      height: 240,
      encoding: { x: peer },
      layer: [
        { mark: 'bar', encoding: { y: { field: 'y', type: 'quantitative', title: unit }, color } },
        {
          mark: { type: 'rule', color: '#222' },
          encoding: { y: { field: 'least', type: 'quantitative' }, y2: { field: 'most' } },
        },
      ],
    },
    resolve: { scale: { y: 'independent' } },
  };
}

function linesPlot(report) {
  const names = ['lines-50x1', 'lines-50x16', 'lines-50x128'];
  const label = (name) => `${name.split('x')[1]} in flight`;
  const values = collect(report, names, 'messagesPerSecond', label);
  return panels('lines', 'rot13 lines of 64 bytes, 50 connections', values, 'lines per second');
}

function cpuPlot(report) {
  const byPeer = Object.entries(report.results['lines-50x16'] ?? {});
  const values = byPeer.flatMap(([peer, { figures }]) => {
    const js = figures.jsUs?.median ?? 0;
    return [
      { peer: titleOf(peer), part: 'JS thread', y: js },
      { peer: titleOf(peer), part: 'other threads', y: figures.cpuUs.median - js },
    ];
  });
  return stackedBars(
    'cpu',
    'Server CPU per line, 50 connections × 16 in flight',
    values,
    'µs per line',
  );
}

function idlePlot(report) {
  const byPeer = Object.entries(report.results.idle ?? {});
  const values = byPeer.flatMap(([peer, { figures }]) => {
    const heap = figures.heapBytesPerConnection?.median ?? 0;
    return [
      { peer: titleOf(peer), part: 'JS heap', y: heap },
      { peer: titleOf(peer), part: 'native', y: figures.bytesPerConnection.median - heap },
    ];
  });
  return stackedBars('idle', 'Memory of one more idle connection', values, 'bytes');
}

function stackedBars(name, title, values, unit) {
  return {
    name,
    title,
    values,
    mark: 'bar',
    encoding: {
      y: { field: 'peer', type: 'nominal', title: null, sort: peers.map((peer) => peer.title) },
      x: { field: 'y', type: 'quantitative', title: unit },
      color: { field: 'part', type: 'nominal', title: null, legend: { orient: 'bottom' } },
    },
  };
}

function scalePlot(report) {
  const names = ['lines-100x16', 'lines-1000x16', 'lines-10000x16'];
  const values = collect(report, names, 'messagesPerSecond', (name) =>
    Number(/-(\d+)x/.exec(name)[1]),
  );
  return {
    name: 'connections',
    title: 'rot13 lines of 64 bytes, 16 in flight per connection',
    values,
    mark: { type: 'line', point: true },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: 'connections', scale: { type: 'log' } },
      y: { field: 'y', type: 'quantitative', title: 'lines per second' },
      color,
    },
  };
}

/** The whole distribution: the latency at each share of the answers, as HdrHistogram plots it. */
function latencyPlot(report) {
  const byPeer = Object.entries(report.results.latency ?? {});
  const values = byPeer.flatMap(([peer, { buckets }]) => quantileCurve(titleOf(peer), buckets));
  return {
    name: 'latency',
    title: 'One connection, one line in flight: latency by quantile',
    values,
    mark: { type: 'line', interpolate: 'monotone' },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative',
        title: 'quantile: 1 − 1/x (10 is p90, 1,000 is p99.9)',
        scale: { type: 'log' },
      },
      y: { field: 'y', type: 'quantitative', title: 'µs (log)', scale: { type: 'log' } },
      color,
    },
  };
}

function quantileCurve(peer, buckets) {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  const points = [];
  let seen = 0;
  let next = 1;
  for (const [value, count] of buckets) {
    seen += count;
    while (next <= 5000 && seen / total >= 1 - 1 / next) {
      points.push({ peer, x: next, y: value });
      next *= 1.25;
    }
  }
  return points;
}

function echoPlot(report) {
  const names = ['echo-1K', 'echo-16K', 'echo-64K', 'echo-1M', 'relay'];
  const label = (name) => name.replace('echo-', '').replace(/(\d)([KM])/, '$1 $2iB');
  const values = collect(report, names, 'megabytesPerSecond', label);
  return panels('echo', 'Echo by chunk size, and relay of 16 KiB', values, 'MB/s');
}

function connectionPlot(report) {
  const labels = { accept: 'connections accepted and closed', fanout: 'deliveries, 1 to 1,000' };
  const names = Object.keys(labels);
  const values = collect(report, names, 'messagesPerSecond', (name) => labels[name]);
  return panels('accept-fanout', 'Accept and close; fan-out', values, 'per second');
}
