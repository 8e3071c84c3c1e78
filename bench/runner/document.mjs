import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineLine } from './machine.mjs';
import { rootFolder } from './paths.mjs';
import { metrics } from './metrics.mjs';
import { goalRows, metricRows } from './rows.mjs';

const BEGIN = '<!-- bench:begin -->';
const END = '<!-- bench:end -->';

/** What docs/performance.md shows; the other plots are in docs/performance/tables.md. */
const MAIN_PLOTS = ['lines', 'cpu', 'idle'];

/** Writes the plots, and what is between the markers of both pages; returns the path of the first. */
export function writeDocument(report, plots) {
  const folder = join(rootFolder, 'docs/performance');
  mkdirSync(folder, { recursive: true });
  for (const { name, svg } of plots) writeFileSync(join(folder, `${name}.svg`), `${svg}\n`);
  const isMain = ({ name }) => MAIN_PLOTS.includes(name);
  rewrite('docs/performance.md', summary(report, plots.filter(isMain)));
  rewrite(
    'docs/performance/tables.md',
    tables(
      report,
      plots.filter((plot) => !isMain(plot)),
    ),
  );
  return 'docs/performance.md';
}

function rewrite(page, text) {
  const file = join(rootFolder, page);
  const document = readFileSync(file, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${page} has no markers for the figures`);
  writeFileSync(file, `${document.slice(0, begin)}${BEGIN}\n\n${text}\n\n${document.slice(end)}`);
}

function summary(report, plots) {
  const parts = [measured(report)];
  if (report.judged.length > 0) parts.push('### Goals', markdown(goalRows(report.judged)));
  parts.push('### Figures', ...plots.map((plot) => image(plot, 'performance/')));
  return parts.join('\n\n');
}

function tables(report, plots) {
  const parts = [measured(report), ...plots.map((plot) => image(plot, ''))];
  for (const metric of Object.keys(metrics)) {
    const table = metricRows(metric, report.scenarios, report.results);
    if (table !== undefined) parts.push(`## ${metrics[metric].title}`, markdown(table));
  }
  return parts.join('\n\n');
}

function measured({ machine, runs, timing }) {
  return (
    `Measured by \`npm run bench\`: ${machineLine(machine)}. Medians of ${runs} interleaved rounds, ` +
    `each with ${timing.warmup} s of warm-up and a window of ${timing.seconds} s.`
  );
}

function image({ name, title }, folder) {
  return `![${title}](${folder}${name}.svg)`;
}

/** A table as prettier leaves it. */
function markdown({ head, rows }) {
  const widths = head.map((_, column) =>
    Math.max(3, ...[head, ...rows].map((row) => row[column].length)),
  );
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const pad = (row) =>
    row.map((text, column) =>
      column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column]),
    );
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(pad(head)), line(rule), ...rows.map((row) => line(pad(row)))].join('\n');
}
